/** A device that takes a folder window by window will ask for the next one at once. */
import type { MailItem, PartWanted } from "../../items/email/message.ts";
import type { MailOptions } from "../../items/email/options.ts";
import { dayOf } from "../../kit/clock.ts";
import type { Planned, Window } from "../../sync/types.ts";
import { affordable, planMails, type PlannedMail } from "../content.ts";
import type { Context } from "../context.ts";
import { isLargeMail } from "../large-mail.ts";
import { readAheadBytes } from "../limits.ts";

/** Tells the mailbox what the Sync after this one will most likely show, where that can be told. */
export async function readAhead(
  { mailbox, htmlCare }: Pick<Context, "mailbox" | "htmlCare">,
  { next, operations, upcoming }: Planned,
  { windowSize, sinceDay, withConversations }: Window,
  options: MailOptions,
): Promise<void> {
  // Only what is new is told whole; where a device has some items, most others may be among them too.
  const isFilling =
    operations.length === windowSize && operations.every(({ kind }) => kind === "add");
  if (upcoming === undefined || !isFilling || withConversations === true) return;
  const { position, range, limit } = upcoming;
  const wanted = (items: readonly MailItem[]): readonly PartWanted[] => {
    const inside = items.filter(({ received }) => dayOf(received.getTime()) >= sinceDay);
    const shown = inside.toSorted((one, other) => other.number - one.number).slice(0, windowSize);
    const plans = planMails({ htmlCare }, shown, options).filter(isSmall);
    const parts = affordable(plans, readAheadBytes).flatMap((mail) => wantedOf(mail));
    return parts.filter((part) => !isLargeMail(part));
  };
  await mailbox.readAhead(next.collectionId, position, { range, limit, wanted });
}

function isSmall(mail: PlannedMail): boolean {
  return "plan" in mail && mail.plan.wireBytes <= readAheadBytes;
}

function wantedOf(mail: PlannedMail): readonly PartWanted[] {
  return "plan" in mail ? mail.plan.wanted : [];
}
