/** Server changes of one collection, within the window and the byte budget of an answer. */
import type { EmailData } from "../../items/email/data.ts";
import { toEasChange } from "../../items/email/index.ts";
import { categoriesIn } from "../../items/email/inner-labels.ts";
import type { MailOptions } from "../../items/email/options.ts";
import { flagsOfMailVersion } from "../../items/email/version.ts";
import { editIn } from "../../mailbox/aliased.ts";
import { itemServerId } from "../../mailbox/mailbox.ts";
import type { Head, Operation, Planned, Window } from "../../sync/types.ts";
import {
  affordable,
  mapMails,
  planMails,
  reportUnmapped,
  withKept,
  type PlannedMail,
} from "../content.ts";
import type { Context } from "../context.ts";
import { toldEpoch } from "../epoch.ts";
import { feedFor } from "./options.ts";
import type { ServerCommand } from "./types.ts";

/** What is told to the device, and the state that it then has. */
export interface Download {
  readonly planned: Planned;
  readonly commands: readonly ServerCommand[];
}

/** Plans and maps what the device must be told. Throws InvalidSyncKey, BackendError, BackendUnavailable. */
export async function download(
  context: Context,
  head: Head,
  window: Window,
  options: MailOptions,
): Promise<Download> {
  const feed = await feedFor(context.mailbox, head.collectionId, window);
  const planned = await context.sync.plan(head, feed, window);
  const mails = await listWhole(context, planned, options);
  const fitting = countWithinBudget(planned.operations, mails);
  if (fitting < planned.operations.length) {
    return download(context, head, { ...window, windowSize: fitting }, options);
  }
  const { collectionId } = head;
  const listed = async () => mails.map(({ item }) => item);
  const gone =
    mails.length === 0 ? [] : await context.mailbox.followConversations(collectionId, listed);
  // Each time there are fewer: what has gone with its conversation is not told here.
  if (gone.length > 0) return download(context, head, window, options);
  const commands = await serverCommands(context, { ...planned, collectionId }, mails);
  return { planned, commands };
}

/** Operations to tell, with what is known of them. */
interface Told {
  readonly collectionId: string;
  readonly operations: readonly Operation[];
  /** The state that knows the versions that are told. */
  readonly next: Head;
}

/** The operations of an earlier answer once more; items that vanished since are left out. */
export async function repeat(
  context: Context,
  told: Told,
  options: MailOptions,
): Promise<readonly ServerCommand[]> {
  return serverCommands(context, told, await listWhole(context, told, options));
}

/** The items that are told whole: new ones, and drafts in another version. */
async function listWhole(
  context: Context,
  { next, operations }: Pick<Told, "next" | "operations">,
  options: MailOptions,
): Promise<readonly PlannedMail[]> {
  const edited = operations.filter(mayBeNewVersion).map(({ number }) => number);
  const had = edited.length === 0 ? undefined : await context.sync.known(next, edited);
  const isWhole = ({ kind, number }: Operation): boolean =>
    kind === "add" || editIn(had?.get(number)?.labels ?? []) !== undefined;
  const numbers = operations.filter(isWhole).map(({ number }) => number);
  if (numbers.length === 0) return [];
  const { collectionId } = next;
  const items = await context.mailbox.list(collectionId, numbers, toldEpoch(next));
  return planMails(context, items, options);
}

/** A change of the labels tells of another version, or of categories: a draft is told whole in both cases. */
function mayBeNewVersion({ kind, differs = -1 }: Operation): boolean {
  return kind === "change" && differs >>> 8 !== 0;
}

/** How many of the operations fit into one answer. */
function countWithinBudget(
  operations: readonly Operation[],
  mails: readonly PlannedMail[],
): number {
  const beyond = mails.slice(affordable(mails).length);
  const numbers = new Set(beyond.map(({ item }) => item.number));
  const over = operations.findIndex(({ number }) => numbers.has(number));
  return over === -1 ? operations.length : Math.max(1, over);
}

async function serverCommands(
  context: Context,
  told: Told,
  mails: readonly PlannedMail[],
): Promise<readonly ServerCommand[]> {
  const { collectionId } = told;
  const isListed = new Set(mails.map(({ item }) => item.number));
  const known = await withKnownFlags(context, told.next, mails);
  const numbering = { collectionId, epoch: toldEpoch(told.next) };
  const mapped = await mapMails(context, numbering, known);
  await reportUnmapped(context, collectionId, mapped.unmapped);
  const changes = await changesOf(context, told);
  const commands: ServerCommand[] = [];
  for (const { kind, number } of told.operations) {
    const ServerId = itemServerId(collectionId, number);
    if (kind === "delete") commands.push({ Delete: { ServerId } });
    else if (kind === "softDelete") commands.push({ SoftDelete: { ServerId } });
    else {
      const isChange = kind === "change";
      const isWhole = !isChange || isListed.has(number);
      const Email = isWhole ? mapped.data.get(number) : changes.get(number);
      if (Email === undefined) continue;
      const item = { ServerId, ApplicationData: { Email } };
      commands.push(isChange ? { Change: item } : { Add: item });
    }
  }
  return commands;
}

/**
 * An Add tells the flags that the plan saw: those that the metadata brought a moment later may be others,
 * and the device would be told one state and known to have another.
 */
async function withKnownFlags(
  context: Context,
  head: Head,
  mails: readonly PlannedMail[],
): Promise<readonly PlannedMail[]> {
  const numbers = mails.map(({ item }) => item.number);
  const had = await context.sync.known(head, numbers);
  return mails.map((mail) => {
    const { item } = mail;
    const known = had.get(item.number);
    if (known === undefined) return mail;
    return { ...mail, item: { ...item, flags: { ...item.flags, ...flagsOf(known) } } };
  });
}

function flagsOf(known: { readonly version: number; readonly labels: readonly string[] }) {
  return { ...flagsOfMailVersion(known.version), categories: categoriesIn(known.labels) };
}

/** Changes need no look at the server: the plan has already seen the flags. */
async function changesOf(
  context: Context,
  { collectionId, next, operations }: Told,
): Promise<ReadonlyMap<number, EmailData>> {
  const changes = operations.filter(({ kind }) => kind === "change");
  if (changes.length === 0) return new Map();
  const numbers = changes.map(({ number }) => number);
  const had = await context.sync.known(next, numbers);
  const changed = changes.flatMap((operation) => {
    const known = had.get(operation.number);
    return known === undefined ? [] : { ...operation, flags: { ...flagsOf(known), draft: false } };
  });
  const told = await withKept(context, collectionId, changed);
  return new Map(
    told.map(({ number, flags, differs }) => {
      return [number, toEasChange(flags, context.version, differs)];
    }),
  );
}
