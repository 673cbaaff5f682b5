/** The Email class: mails <-> ApplicationData (MS-ASEMAIL, MS-ASAIRS), pure. */
export { planBody, type BodyPlan } from "./body-plan.ts";
export { findPart } from "./body-parts.ts";
export { tnefAttachment, tnefPlaceOf } from "./tnef-parts.ts";
export { fromEasChange } from "./from-eas.ts";
export { firstConversationIndex, replyIndex, threadIndex } from "./conversation-index.ts";
export { toEas, type Conversation } from "./to-eas.ts";
export { toEasChange } from "./change-elements.ts";
