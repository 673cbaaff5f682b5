import { codePage } from "../vocabulary.ts";

/** Code page 3: AirNotify (MS-ASWBXML 2.1.2.1.4). */
export const airNotifyPage = codePage(3, "AirNotify", {});
