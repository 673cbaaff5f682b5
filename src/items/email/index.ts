/** The Email class: mails <-> ApplicationData (MS-ASEMAIL, MS-ASAIRS), pure. */
export { planBody, type BodyPlan, type EmailBody } from "./body-plan.ts";
export { findPart } from "./body-parts.ts";
export { fromEasChange, type EmailChange } from "./from-eas.ts";
export { toEas, toEasChange, type EasExtras } from "./to-eas.ts";
