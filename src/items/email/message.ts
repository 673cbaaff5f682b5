/** A mail as a backend describes it before any body is read: header fields + BODYSTRUCTURE + FLAGS. */
import type { Octets } from "../../kit/octets.ts";

import type { FollowUp } from "./follow-up.ts";

/** One address of an envelope; both fields already decoded to Unicode. */
export interface Address {
  readonly name: string;
  readonly address: string;
}

/** RFC 3501 ENVELOPE, decoded. Absent lists are empty, absent strings are "". */
export interface Envelope {
  readonly subject: string;
  readonly from: readonly Address[];
  readonly sender: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly date: Date | undefined;
  readonly messageId: string;
  readonly inReplyTo: string;
}

/** One node of BODYSTRUCTURE (RFC 3501 7.4.2). Names are lower-case, values decoded. */
export interface Part {
  /** IMAP section, such as "1.2"; "" for the top node of a multipart. A single-part mail has "1". */
  readonly section: string;
  /** "text", "multipart", "message", "image" … */
  readonly type: string;
  /** "plain", "html", "mixed", "rfc822" … */
  readonly subtype: string;
  /** Parameters of Content-Type: charset, name, format, smime-type, method … (RFC 2231 decoded). */
  readonly parameters: Readonly<Record<string, string>>;
  /** Content-Transfer-Encoding: "7bit", "8bit", "base64", "quoted-printable", "binary" … */
  readonly encoding: string;
  /** Octets in transfer encoding. */
  readonly sizeBytes: number;
  /** "attachment", "inline" or "". */
  readonly disposition: string;
  /** From Content-Disposition, else the name parameter; "" when there is none. */
  readonly fileName: string;
  /** Content-ID without angle brackets, or "". */
  readonly contentId: string;
  /** Content-Location, or "". */
  readonly contentLocation: string;
  /** Envelope of an embedded message/rfc822. */
  readonly envelope?: Envelope;
  readonly children: readonly Part[];
}

/** Follow-up flag of a mail. EAS FlagStatus: 0 cleared, 1 complete, 2 active. */
export type FlagStatus = 0 | 1 | 2;

/** State of a mail that a device sees and may change. */
export interface MailFlags {
  readonly seen: boolean;
  readonly flagStatus: FlagStatus;
  readonly answered: boolean;
  readonly forwarded: boolean;
  readonly draft: boolean;
  /** Categories (IMAP keywords decoded), sorted. */
  readonly categories: readonly string[];
  /** What was done last, when a device of ours did it; the mail server does not know. */
  readonly lastVerb?: LastVerb | undefined;
  /** What a device said of the flag beside its status; the mail server does not know. */
  readonly followUp?: FollowUp | undefined;
}

/** What was done with a mail (MS-ASEMAIL 2.2.2.44, 2.2.2.45): 1 reply to the sender, 2 reply to all, 3 forward. */
export interface LastVerb {
  readonly verb: 1 | 2 | 3;
  readonly executed: Date;
}

/** A mail that nobody has touched. */
export const noFlags: MailFlags = {
  seen: false,
  flagStatus: 0,
  answered: false,
  forwarded: false,
  draft: false,
  categories: [],
};

/** One mail of a collection without its bodies. */
export interface MailItem {
  readonly number: number;
  readonly flags: MailFlags;
  /** INTERNALDATE. */
  readonly received: Date;
  /** RFC822.SIZE. */
  readonly sizeBytes: number;
  readonly envelope: Envelope;
  readonly structure: Part;
  /** Message-ids of the References header, oldest first, without angle brackets. */
  readonly references: readonly string[];
  /**
   * Some header fields by lower-case name, decoded: importance, x-priority, thread-topic,
   * content-class, auto-submitted …; only those that the mail has.
   */
  readonly headers: Readonly<Record<string, string>>;
}

/** A part (or the whole mail: section "") that a mapping asks for, cut at `maxBytes` of wire octets. */
export interface PartWanted {
  readonly number: number;
  readonly section: string;
  readonly maxBytes?: number;
  /** `maxBytes` is beyond its end, as far as the server told: asked for more, it brings no more. */
  readonly isWhole?: boolean;
}

/** A part as it came: still in transfer encoding. `total` as far as the server said, else undefined. */
export interface PartFetched extends PartWanted {
  readonly bytes: Buffer;
  /** A whole mail that is too large for memory: `bytes` are its beginning. */
  readonly whole?: WholeMail;
}

/** A mail that was read to its end, or as far as was wanted. */
export interface WholeMail {
  readonly octets: Octets;
  /** Whether a string element carries it unchanged. */
  readonly isText: boolean;
}
