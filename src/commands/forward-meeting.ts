/** SmartForward with Forwardees (MS-ASCMD 2.2.3.79), from 16.0: an invitation goes on to others. */
import type { RequestOf } from "../../schemas/commands.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import {
  hasInvitation,
  invitationWanted,
  meetingForward,
  type Forwardee,
} from "../items/email/meeting-forward.ts";
import type { MailItem } from "../items/email/message.ts";
import type { Context } from "./context.ts";
import type { Numbering } from "../mailbox/mailbox.ts";
import { maxForwardees } from "./limits.ts";
import { findOriginal, sourceOf } from "./smart-source.ts";
import { submit } from "./submit.ts";
import { hashOf } from "./sync/contents.ts";

type Request = RequestOf<"SmartForward">;

/**
 * Sends an invitation on. The client cannot ask for a copy in Sent here (R7468: SaveInSentItems must be absent), so
 * there always is one. Throws StatusError.
 */
export async function forwardMeeting(request: Request, context: Context): Promise<void> {
  refuseCombination(request);
  const forwardees = forwardeesOf(request);
  const text = textOf(request.Body);
  const named = await sourceOf(request.Source, context);
  const { collectionId, number } = named;
  const item = await findOriginal(named, context);
  // One that is gone may have been sent before: whoever sends it finds out.
  if (item !== undefined && !(await invites(item, named, context))) {
    throw invalid("the mail is no invitation");
  }
  const from = { name: context.account.displayName, address: context.account.email };
  const mime = meetingForward(item?.envelope.subject ?? "", { from, forwardees, text });
  const about = { kind: "forward" as const, ...named, isReplaced: false };
  const fingerprint = await hashOf({ collectionId, number, forwardees, text });
  await submit(context, { ...request, SaveInSentItems: true }, { mime, about, fingerprint });
}

/** The Forwardees are valid only for a calendar item (MS-ASCMD 2.2.3.169): of mails an invitation is one. */
async function invites(
  item: MailItem,
  { collectionId, epoch }: Numbering,
  { mailbox }: Context,
): Promise<boolean> {
  const wanted = invitationWanted(item);
  const fetched = wanted.length === 0 ? [] : await mailbox.fetchParts(collectionId, wanted, epoch);
  return hasInvitation(item, fetched);
}

/** MS-ASCMD 2.2.3.169: what must not stand beside Forwardees or Body. */
function refuseCombination({ Mime, SaveInSentItems, ReplaceMime, TemplateID }: Request): void {
  const others = [Mime, SaveInSentItems, ReplaceMime, TemplateID];
  if (others.every((each) => each === undefined)) return;
  throw new StatusError(commonStatus.InvalidMimeBodyCombination);
}

function forwardeesOf({ Forwardees }: Request): Forwardee[] {
  const asked = Forwardees?.Forwardee ?? [];
  if (asked.length === 0 || asked.length > maxForwardees)
    throw invalid("no or too many forwardees");
  return asked.map(({ ForwardeeEmail = "", ForwardeeName = "" }) => {
    const address = ForwardeeEmail.trim();
    if (!/^[^\s<>@,;]+@[^\s<>@,;]+$/.test(address)) throw invalid("a forwardee has no address");
    return { address, name: ForwardeeName };
  });
}

/** 1 is plain text, 2 HTML (MS-ASAIRS 2.2.2.41). */
function textOf(body: Request["Body"]): { readonly html: boolean; readonly text: string } {
  const { Type = 1, Data = "" } = body ?? {};
  if (Type !== 1 && Type !== 2) throw invalid(`a Body of type ${Type}`);
  if (typeof Data !== "string" && !Buffer.isBuffer(Data)) throw invalid("a Body that is no text");
  return { html: Type === 2, text: Data.toString() };
}

function invalid(message: string): StatusError {
  return new StatusError(commonStatus.InvalidSmartForwardParameters, message);
}
