/** Bounds of the mail mapping; each keeps one mail from costing more than a request can bear. */

/** Bytes of a text or HTML body where the client named no TruncationSize: far beyond written mail. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Bytes of a whole mail (body type 4): a mail of the usual 50 MB limit with its base64, by way of the disk. */
export const maxMimeBytes = 72 * 1024 * 1024;

/** HTML beyond this is not converted to text: html-to-text takes about 150 ms of the event loop for it. */
export const maxHtmlToConvertBytes = 1024 * 1024;

/**
 * Elements open at once that html-to-text and htmlparser2 may see: their time grows with the square of the depth
 * (12 s for 1 MB of <div>). Deeper HTML, which no mail has that people wrote, is read without its layout.
 */
export const maxHtmlDepth = 1000;

/** How many bytes of HTML hold one byte of visible text in mail that programs wrote. */
export const htmlBytesPerTextByte = 12;

/** Head and style sheets that come before the first visible character in mail that programs wrote. */
export const htmlHeadBytes = 32 * 1024;

/** Share of a truncated HTML body that style sheets, scripts and comments may take. */
export const hiddenHtmlShare = 1 / 4;

/** Text parts shown one after the other as one body; further ones are listed as attachments. */
export const maxBodySegments = 16;

/** Attachments listed of one mail: a device that shows more was not seen. */
export const maxAttachments = 500;

/** Characters of an attachment's name: the limit of common file systems. */
export const maxNameLength = 255;

/** Characters of To and From (MS-ASEMAIL 2.2.2.79, 2.2.2.36); kept for the other lists too. */
export const maxAddressListLength = 32768;

/** Characters of a subject: a header line of a mail may be far longer than any device shows. */
export const maxSubjectLength = 4096;

/** Characters of a Preview (MS-ASAIRS 2.2.2.35.4). */
export const maxPreviewLength = 255;

/** Bytes of text that surely hold a Preview: blank lines and quotes may come first. */
export const previewTextBytes = 2048;

/** Bytes of a BodyPart: what somebody wrote in one mail is far below; more is answered by Status 176. */
export const maxOwnPartBytes = 1024 * 1024;

/** Categories of one mail (MS-ASEMAIL 2.2.2.17). */
export const maxCategories = 300;

/** Response levels of a ConversationIndex: no tree on a phone is deeper, and replies carry it on. */
export const maxResponseLevels = 100;

/** Octets of a delivery status that tell the message class. */
export const reportBytes = 16 * 1024;

/**
 * Octets of a TNEF part that is unpacked: it must be fetched whole to tell what is in it. Larger ones are shown
 * as the file that they are.
 */
export const maxTnefBytes = 8 * 1024 * 1024;

/** TNEF parts of one mail that are unpacked; mailers make one. */
export const maxTnefParts = 4;

/** Octets of a meeting's calendar: some kilobytes, unless HTML or files are in it, which come last. */
export const calendarBytes = 512 * 1024;

/** Largest Reminder: the schema's unsignedShort, about 18 hours (MS-ASEMAIL 6.1). */
export const maxReminderSeconds = 65_535;

/** Octets of a header, in front of the text of a mail whose structure is unusable. */
export const maxHeaderBytes = 256 * 1024;

/** Values of header fields that are kept as they were read, of addresses and of others: some 4 MB each at the most. */
export const recurringValues = { most: 1000, longest: 150 };

/** Octets of one header field; the rest of a longer one is ignored. */
export const maxFieldBytes = 64 * 1024;

/** Octets of a field's name, and blanks between it and its colon: what has more is no field. */
export const maxNameBytes = 200;
export const maxNameBlanks = 20;

/** Characters of a multipart's boundary (RFC 2046 5.1.1): servers cut longer ones. */
export const maxBoundaryLength = 70;

/** Header fields read of one header. */
export const maxFields = 2000;

/** Multiparts and messages inside each other; deeper ones stay one part. */
export const maxPartDepth = 40;

/** Parts of one mail; what is beyond stays in the last part that was begun. */
export const maxParts = 2000;

/** Addresses read of one header field. */
export const maxAddresses = 10_000;

/** Octets of a header in the outline of a mail to be sent: room for tens of thousands of recipients. */
export const maxOutlineHeaderBytes = 4 * 1024 * 1024;

/**
 * Octets of text that are quoted in an answer or a forward; a mail with more goes along as it stands. The quote is
 * converted and encoded in memory, and html-to-text takes 150 ms for so much.
 */
export const maxQuotedBytes = 1024 * 1024;

/** Octets of a text that a device wrote and that a quote is put into; into a longer one nothing is put. */
export const maxDeviceTextBytes = 4 * 1024 * 1024;

/** Message-ids in References; of a longer thread the first and the last ones are kept. */
export const maxReferences = 50;

/** Message-ids kept of a References header: the first and the nearest tell the conversation. */
export const keptReferences = 100;
