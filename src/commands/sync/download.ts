/** Server changes of one collection, within the window and the byte budget of an answer. */
import type { EmailData } from "../../items/email/data.ts";
import { toEasChange } from "../../items/email/index.ts";
import { categoriesIn } from "../../items/email/inner-labels.ts";
import type { MailItem } from "../../items/email/message.ts";
import type { MailOptions } from "../../items/email/options.ts";
import { flagsOfMailVersion } from "../../items/email/version.ts";
import { editIn } from "../../mailbox/aliased.ts";
import { itemServerId } from "../../mailbox/mailbox.ts";
import type { Head, Operation, Planned, Window } from "../../sync/types.ts";
import { affordable, mapMails, reportUnmapped, withKept } from "../content.ts";
import type { Context } from "../context.ts";
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
  const feed = await feedFor(context.mailbox, head.collectionId, window.sinceDay);
  const planned = await context.sync.plan(head, feed, window);
  const items = await listWhole(context, planned.next, planned.operations);
  const fitting = countWithinBudget(planned.operations, items, options);
  if (fitting < planned.operations.length) {
    return download(context, head, { ...window, windowSize: fitting }, options);
  }
  const { collectionId } = head;
  const listed = async () => [...items.values()];
  const gone =
    items.size === 0 ? [] : await context.mailbox.followConversations(collectionId, listed);
  // Each time there are fewer: what has gone with its conversation is not told here.
  if (gone.length > 0) return download(context, head, window, options);
  const commands = await serverCommands(context, { ...planned, collectionId, options, items });
  return { planned, commands };
}

/** Operations to tell, with what is known of them. */
interface Told {
  readonly collectionId: string;
  readonly operations: readonly Operation[];
  /** The state that knows the versions that are told. */
  readonly next: Head;
  readonly options: MailOptions;
}

/** The operations of an earlier answer once more; items that vanished since are left out. */
export async function repeat(context: Context, told: Told): Promise<readonly ServerCommand[]> {
  const items = await listWhole(context, told.next, told.operations);
  return serverCommands(context, { ...told, items });
}

/** The items that are told whole: new ones, and drafts in another version. */
async function listWhole(
  context: Context,
  next: Head,
  operations: readonly Operation[],
): Promise<ReadonlyMap<number, MailItem>> {
  const numbers: number[] = [];
  for (const operation of operations) {
    const isWhole = operation.kind === "add" || (await isNewVersion(context, next, operation));
    if (isWhole) numbers.push(operation.number);
  }
  if (numbers.length === 0) return new Map();
  const items = await context.mailbox.list(next.collectionId, numbers);
  return new Map(items.map((item) => [item.number, item]));
}

/** A change of the labels tells of another version, or of categories: a draft is told whole in both cases. */
async function isNewVersion(
  { sync }: Context,
  next: Head,
  { kind, number, differs = -1 }: Operation,
): Promise<boolean> {
  if (kind !== "change" || differs >>> 8 === 0) return false;
  const known = await sync.known(next, number);
  return known !== undefined && editIn(known.labels) !== undefined;
}

/** How many of the operations fit into one answer. */
function countWithinBudget(
  operations: readonly Operation[],
  items: ReadonlyMap<number, MailItem>,
  options: MailOptions,
): number {
  const fitting = affordable([...items.values()], options);
  if (fitting.length === items.size) return operations.length;
  const numbers = new Set(fitting.map(({ number }) => number));
  const over = operations.findIndex(({ number }) => items.has(number) && !numbers.has(number));
  return over === -1 ? operations.length : Math.max(1, over);
}

async function serverCommands(
  context: Context,
  told: Told & { readonly items: ReadonlyMap<number, MailItem> },
): Promise<readonly ServerCommand[]> {
  const { collectionId, options } = told;
  const items = await withKnownFlags(context, told.next, [...told.items.values()]);
  const mapped = await mapMails(context, collectionId, items, options);
  await reportUnmapped(context, collectionId, mapped.unmapped);
  const changes = await changesOf(context, told);
  const commands: ServerCommand[] = [];
  for (const { kind, number } of told.operations) {
    const ServerId = itemServerId(collectionId, number);
    if (kind === "delete") commands.push({ Delete: { ServerId } });
    else if (kind === "softDelete") commands.push({ SoftDelete: { ServerId } });
    else {
      const isChange = kind === "change";
      const isWhole = !isChange || told.items.has(number);
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
  items: readonly MailItem[],
): Promise<readonly MailItem[]> {
  const told: MailItem[] = [];
  for (const item of items) {
    const known = await context.sync.known(head, item.number);
    told.push(
      known === undefined ? item : { ...item, flags: { ...item.flags, ...flagsOf(known) } },
    );
  }
  return told;
}

function flagsOf(known: { readonly version: number; readonly labels: readonly string[] }) {
  return { ...flagsOfMailVersion(known.version), categories: categoriesIn(known.labels) };
}

/** Changes need no look at the server: the plan has already seen the flags. */
async function changesOf(
  context: Context,
  { collectionId, next, operations }: Told,
): Promise<ReadonlyMap<number, EmailData>> {
  const changed: (Operation & { readonly flags: MailItem["flags"] })[] = [];
  for (const operation of operations) {
    if (operation.kind !== "change") continue;
    const known = await context.sync.known(next, operation.number);
    if (known === undefined) continue;
    changed.push({ ...operation, flags: { ...flagsOf(known), draft: false } });
  }
  const told = await withKept(context, collectionId, changed);
  return new Map(
    told.map(({ number, flags, differs }) => {
      return [number, toEasChange(flags, context.version, differs)];
    }),
  );
}
