import type { bodyPart, bodyPreference } from "../../../schemas/air-sync-base.ts";
import type { email } from "../../../schemas/email.ts";
import type { Infer } from "../../../schemas/vocabulary.ts";

/** ApplicationData of the Email class (MS-ASEMAIL 2.2). */
export type EmailData = Infer<typeof email>;

/** One BodyPreference of a client (MS-ASAIRS 2.2.2.12): Type 1 text, 2 HTML, 3 RTF, 4 MIME. */
export type BodyPreference = Infer<typeof bodyPreference>;

/** airsyncbase:Body of an answer. */
export type Body = NonNullable<EmailData["Body"]>;

/** airsyncbase:BodyPart of an answer. */
export type BodyPart = Infer<typeof bodyPart>;
