/** Bounds of unpacking TNEF: its lengths are claims of a stranger. */

/** Attachments of one TNEF stream that are unpacked. */
export const maxTnefAttachments = 200;

/** MAPI properties read of one object; Outlook writes about a hundred. */
export const maxProperties = 5_000;

/** Values of one MAPI property that are passed over. */
export const maxValues = 10_000;

/** TNEF messages inside each other that are unpacked; deeper ones are left out. */
export const maxTnefDepth = 3;

/** Bytes of an RTF body when decompressed; written mail is far below. */
export const maxRtfBytes = 4 * 1024 * 1024;

/** Groups inside each other in RTF. */
export const maxRtfDepth = 200;
