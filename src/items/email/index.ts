/** The Email class: mails <-> ApplicationData (MS-ASEMAIL, MS-ASAIRS), pure. */
export { planBody, type BodyPlan } from "./body-plan.ts";
export { findPart } from "./body-parts.ts";
export { fromEasChange } from "./from-eas.ts";
export { toEas, toEasChange } from "./to-eas.ts";
