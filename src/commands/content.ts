/** Mails as ApplicationData: metadata in one command, then the parts that are shown, grouped. */
import type { EmailData } from "../items/email/data.ts";
import type { MailItem, PartFetched, PartWanted } from "../items/email/message.ts";
import type { MailOptions } from "../items/email/options.ts";
import { planBody, toEas, type BodyPlan, type Conversation } from "../items/email/index.ts";
import { atLeast } from "../../schemas/version.ts";
import type { Context } from "./context.ts";
import type { Numbering } from "../mailbox/mailbox.ts";
import { endsRequest } from "./faults.ts";
import { fetchLargeMail, isLargeMail } from "./large-mail.ts";
import { answerBudgetBytes } from "./limits.ts";

/** A mail that could not be mapped, and why. */
export interface Unmapped {
  readonly number: number;
  readonly error: unknown;
}

/** Mails of a collection, mapped; what failed to map is apart, so that one never stops the others. */
export interface Mapped {
  readonly data: ReadonlyMap<number, EmailData>;
  readonly unmapped: readonly Unmapped[];
}

/** A mail with the plan of its body, or why there is none. */
export type PlannedMail = { readonly item: MailItem } & (
  | {
      readonly plan: BodyPlan;
      /** Most characters of its text, in 2.5. */
      readonly textCharacters: number | undefined;
    }
  | { readonly error: unknown }
);

/** Plans the bodies of mails. */
export function planMails(
  { htmlCare }: Pick<Context, "htmlCare">,
  items: readonly MailItem[],
  options: MailOptions,
): PlannedMail[] {
  const { textCharacters } = options;
  return items.map((item) => {
    try {
      return { item, textCharacters, plan: planBody(item, { ...options, htmlCare }) };
    } catch (error) {
      return { item, error };
    }
  });
}

/** The first of these mails that one answer has room for: at least one, else a device would never get on. */
export function affordable(
  mails: readonly PlannedMail[],
  budgetBytes = answerBudgetBytes,
): readonly PlannedMail[] {
  let octets = 0;
  const over = mails.findIndex((mail) => {
    octets += "plan" in mail ? mail.plan.wireBytes : 0;
    return octets > budgetBytes;
  });
  return over === -1 ? mails : mails.slice(0, Math.max(1, over));
}

/** Fetches what the plans show of these mails of a collection and maps them; nothing is fetched under another epoch. */
export async function mapMails(
  context: Context,
  numbering: Numbering,
  mails: readonly PlannedMail[],
): Promise<Mapped> {
  const attempts = new Attempts();
  const plans = new Map<number, Extract<PlannedMail, { plan: BodyPlan }>>();
  for (const mail of mails) {
    if ("plan" in mail) plans.set(mail.item.number, mail);
    else attempts.fail(mail.item.number, mail.error);
  }
  const items = mails.map(({ item }) => item);
  // The mail server and the database work at the same time.
  const [parts, conversations, references, kept] = await Promise.all([
    fetchPlanned(context, numbering, { plans, attempts }),
    conversationsOf(context, items),
    context.mailbox.references(numbering),
    withKept(context, numbering.collectionId, items),
  ]);
  const planned = kept.filter(({ number }) => plans.has(number) && !attempts.hasFailed(number));
  const data = attempts.each(planned, (item) => {
    const { plan, textCharacters } = plans.get(item.number)!;
    return toEas(item, plan.finish(parts.get(item.number) ?? []), {
      version: context.version,
      textCharacters,
      fileReference: (section) => references(item.number, section),
      conversation: conversations.get(item.number),
      ownAddresses: context.account.addresses,
    });
  });
  return { data, unmapped: attempts.failed };
}

/** Applies a function to items one by one; an item that throws is set aside with its error. */
class Attempts {
  readonly failed: Unmapped[] = [];

  each<Result>(items: readonly MailItem[], work: (item: MailItem) => Result): Map<number, Result> {
    const results = new Map<number, Result>();
    for (const item of items) {
      try {
        results.set(item.number, work(item));
      } catch (error) {
        this.fail(item.number, error);
      }
    }
    return results;
  }

  fail(number: number, error: unknown): void {
    this.failed.push({ number, error });
  }

  hasFailed(number: number): boolean {
    return this.failed.some((each) => each.number === number);
  }
}

/** Parts in few commands; whole mails that are too large for memory one by one. */
async function fetchPlanned(
  context: Context,
  numbering: Numbering,
  {
    plans,
    attempts,
  }: { plans: ReadonlyMap<number, { readonly plan: BodyPlan }>; attempts: Attempts },
): Promise<Map<number, PartFetched[]>> {
  const all = [...plans.values()].flatMap(({ plan }) => plan.wanted);
  const wanted = all.filter((part) => !isLargeMail(part));
  const { collectionId, epoch } = numbering;
  const parts =
    wanted.length === 0 ? [] : [...(await context.mailbox.fetchParts(collectionId, wanted, epoch))];
  for (const large of all.filter(isLargeMail)) {
    parts.push(...(await fetchAlone(context, numbering, { large, attempts })));
  }
  return Map.groupBy(parts, (part) => part.number);
}

async function conversationsOf(
  { mailbox, version }: Context,
  items: readonly MailItem[],
): Promise<ReadonlyMap<number, Conversation>> {
  return atLeast(version, "14.0") ? await mailbox.conversations(items) : new Map();
}

/** A mail's number and flags, and whatever else. */
type Flagged = Pick<MailItem, "number" | "flags">;

/** The items with what is kept here of them: what was done last, and what devices said of their flags. */
export async function withKept<Item extends Flagged>(
  context: Context,
  collectionId: string,
  items: readonly Item[],
): Promise<readonly Item[]> {
  const { mailbox, version } = context;
  const numbersOf = (some: readonly Item[]): number[] => some.map(({ number }) => number);
  const isDone = ({ flags }: Item): boolean => flags.answered || flags.forwarded;
  const done = atLeast(version, "14.0") ? numbersOf(items.filter(isDone)) : [];
  const flagged = numbersOf(items.filter(({ flags }) => flags.flagStatus !== 0));
  if (done.length === 0 && flagged.length === 0) return items;
  const { verbs, followUps } = await mailbox.kept(collectionId, { done, flagged });
  return items.map((item) => {
    const kept = { lastVerb: verbs.get(item.number), followUp: followUps.get(item.number) };
    return { ...item, flags: { ...item.flags, ...kept } };
  });
}

/** A mail that fails while it is read is this mail's fault. */
async function fetchAlone(
  context: Context,
  numbering: Numbering,
  { large, attempts }: { large: PartWanted; attempts: Attempts },
): Promise<PartFetched[]> {
  try {
    const fetched = await fetchLargeMail(context, numbering, large);
    return fetched === undefined ? [] : [fetched];
  } catch (error) {
    if (endsRequest(error, context.signal)) throw error;
    attempts.fail(large.number, error);
    return [];
  }
}

/** Lists what could not be mapped, so that an operator sees it; the device never does. */
export async function reportUnmapped(
  context: Context,
  collectionId: string,
  unmapped: readonly Unmapped[],
): Promise<void> {
  for (const { number, error } of unmapped) {
    const reason = error instanceof Error ? error.message : String(error);
    context.log.warn(
      { collectionId, number, err: error },
      "an item is skipped: it cannot be mapped",
    );
    await context.devices.recordSkipped(context.device, { collectionId, number, reason });
  }
}
