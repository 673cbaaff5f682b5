/** A mail -> ApplicationData of the Email class (MS-ASEMAIL); the encoder leaves out what a version lacks. */
import type { ProtocolVersion } from "../../../schemas/version.ts";
import { attachmentsOf } from "./attachments.ts";
import type { EmailBody } from "./body-plan.ts";
import { toEasChange } from "./change-elements.ts";
import { firstConversationIndex } from "./conversation-index.ts";
import type { EmailData } from "./data.ts";
import { cleanSubject, envelopeElements } from "./envelope-elements.ts";
import { flagElement } from "./follow-up.ts";
import { inForm25 } from "./form-25.ts";
import { meetingRequest } from "./meeting-request.ts";
import { contentClass, detailPart, isCalendar, messageClass, methodOf } from "./message-class.ts";
import type { MailItem } from "./message.ts";

/** Where a mail stands in its conversation (MS-ASCON 2.2.2.3, 2.2.2.4). */
export interface Conversation {
  readonly id: Buffer;
  readonly index: Buffer;
}

/** What the mapping cannot know from the mail itself. */
export interface EasExtras {
  readonly version: ProtocolVersion;
  /** Most characters of a text body in 2.5. */
  readonly textCharacters?: number | undefined;
  /** The FileReference of an attachment by its section. */
  fileReference(section: string): string;
  readonly conversation?: Conversation | undefined;
  /** The user's own addresses: whether an invitation is to the user or by the user. */
  readonly ownAddresses: readonly string[];
}

/** All elements of a mail for an Add or a Fetch. Throws nothing for odd mail: it shows what is there. */
export function toEas(item: MailItem, body: EmailBody, extras: EasExtras): EmailData {
  const { Body, BodyPart, NativeBodyType, attachments, detail } = body;
  const MessageClass = messageClass(item, detail);
  const data = {
    ...envelopeElements(item),
    ...toEasChange(item.flags, extras.version),
    Flag: flagElement(item.flags, cleanSubject(item.envelope.subject)),
    Attachments: attachmentsOf(attachments, (section) => extras.fileReference(section)),
    Body,
    BodyPart,
    MessageClass,
    MeetingRequest: meetingOf(item, detail, extras),
    // The code page of what we send: bodies are Unicode whatever the mail had (MS-ASEMAIL 2.2.2.40).
    InternetCPID: "65001",
    ContentClass: contentClass(MessageClass),
    NativeBodyType,
    ConversationId: extras.conversation?.id,
    ConversationIndex: extras.conversation?.index ?? firstConversationIndex(item),
    IsDraft: item.flags.draft,
    // Left out where it is not so (MS-ASEMAIL 2.2.2.59, R649).
    ReceivedAsBcc: isHiddenRecipient(item, extras.ownAddresses) ? true : undefined,
  };
  return extras.version === "2.5" ? inForm25(data, extras.textCharacters) : data;
}

/** Most mails do not name their hidden recipients; what the user wrote himself he did not receive. */
function isHiddenRecipient({ envelope }: MailItem, ownAddresses: readonly string[]): boolean {
  const own = new Set(ownAddresses.map((address) => address.toLowerCase()));
  const names = (addresses: MailItem["envelope"]["bcc"]): boolean =>
    addresses.some(({ address }) => own.has(address.toLowerCase()));
  return names(envelope.bcc) && !names(envelope.from);
}

function meetingOf(
  { structure, received }: MailItem,
  detail: string,
  { version, ownAddresses }: EasExtras,
): EmailData["MeetingRequest"] {
  const part = detailPart(structure);
  if (part === undefined || !isCalendar(part)) return undefined;
  const method = methodOf(part, detail);
  return meetingRequest(detail, { version, received, method, ownAddresses });
}
