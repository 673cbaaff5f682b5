/** TNEF, Outlook's "winmail.dat" -> attachments and body; pure. */
export { readTnef, type Tnef, type TnefAttachment } from "./tnef.ts";
export { emlOf } from "./eml.ts";
