/** The client's commands of one collection: effect first, then what the device is known to have. */
import { BackendError, type ItemOutcome } from "../../backend.ts";
import { fromEasChange } from "../../items/email/index.ts";
import { withCategories, withFollowUp } from "../../items/email/inner-labels.ts";
import { patchMailVersion } from "../../items/email/version.ts";
import { itemNumber, type MailChange, type MailOutcome } from "../../mailbox/mailbox.ts";
import type { Head, Uploaded, UploadResult } from "../../sync/types.ts";
import type { Context } from "../context.ts";
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { isSending, writeDrafts } from "./drafts.ts";
import { isReadOnly } from "./read-only.ts";
import type { AskedCollection, ClientCommand } from "./types.ts";
import { lastingStatus } from "./upload-faults.ts";

const status = commandStatus.Sync;

/** What the uploads did. */
export interface Uploads {
  readonly head: Head;
  readonly results: readonly UploadResult[];
}

type ChangeCommand = Extract<ClientCommand, { Change: unknown }>["Change"];

/** A Change that is understood: which item, what to set. */
interface Wanted {
  readonly number: number;
  readonly change: MailChange;
}

/** Carries out Add, Change and Delete; Fetch is answered with the downloads. */
export async function upload(
  context: Context,
  head: Head,
  asked: AskedCollection,
): Promise<Uploads> {
  const commands = asked.Commands ?? [];
  if (commands.length === 0) return { head, results: [] };
  const refused = commands.flatMap(refusedOccurrence);
  const whole = commands.filter((command) => instanceOf(command) === undefined);
  const drafts = await writeDrafts(context, head, { ...asked, Commands: whole });
  const epoch = head.epoch === "" ? undefined : head.epoch;
  const left = { asked, commands: drafts.left, epoch };
  const changed = await change(context, left);
  const removed = await remove(context, left);
  const effects = [...drafts.effects, ...changed.effects, ...removed.effects];
  const marked = withoutSent(changed.results, drafts.results);
  return {
    head: effects.length === 0 ? head : await context.sync.uploaded(head, effects),
    results: [...refused, ...drafts.results, ...marked, ...removed.results],
  };
}

/** A draft that the same request sent is not there to be marked: told as gone it would be taken for unsent. */
function withoutSent(
  marked: readonly UploadResult[],
  drafts: readonly UploadResult[],
): readonly UploadResult[] {
  const done = drafts.filter((draft) => draft.status === status.Success);
  const numbers = new Set(done.flatMap(({ number }) => number ?? []));
  return marked.filter(
    (each) => each.status !== status.ObjectNotFound || !numbers.has(each.number ?? 0),
  );
}

function instanceOf(command: ClientCommand): string | undefined {
  if ("Change" in command) return command.Change.InstanceId;
  return "Delete" in command ? command.Delete.InstanceId : undefined;
}

/** A mail has no occurrences (MS-ASAIRS 2.2.2.25): what is meant for one is not done to all of it. */
function refusedOccurrence(command: ClientCommand): readonly UploadResult[] {
  const instanceId = instanceOf(command);
  if (instanceId === undefined) return [];
  const kind = "Change" in command ? ("change" as const) : ("delete" as const);
  const serverId = "Change" in command ? command.Change.ServerId : serverIdOf(command);
  return [{ kind, serverId, instanceId, status: status.ConversionError }];
}

function serverIdOf(command: ClientCommand): string {
  return "Delete" in command ? command.Delete.ServerId : "";
}

/** Commands of a collection, and the epoch that their numbers belong to. */
interface Left {
  readonly asked: AskedCollection;
  readonly commands: readonly ClientCommand[];
  readonly epoch: string | undefined;
}

interface Effects {
  readonly effects: readonly Uploaded[];
  readonly results: readonly UploadResult[];
}

async function change(context: Context, { asked, commands, epoch }: Left): Promise<Effects> {
  const results: UploadResult[] = [];
  const wanted = new Map<number, Wanted>();
  for (const command of commands) {
    if (!("Change" in command)) continue;
    const read = readChange(asked.CollectionId, command.Change);
    if ("status" in read) results.push(read);
    else wanted.set(read.number, merge(wanted.get(read.number), read));
  }
  if (wanted.size === 0) return { effects: [], results };
  const changes = [...wanted.values()].map((one) => one.change);
  const outcomes = await carriedOut([...wanted.keys()], () =>
    context.mailbox.setFlags(asked.CollectionId, changes, epoch),
  );
  const effects = outcomes.flatMap((outcome) => effectOf(outcome, wanted.get(outcome.number)));
  return { effects, results: [...results, ...outcomes.map(changeResult)] };
}

/** Two Changes of one item in one request act as one, the later winning. */
function merge(earlier: Wanted | undefined, later: Wanted): Wanted {
  return { number: later.number, change: { ...earlier?.change, ...later.change } };
}

function readChange(collectionId: string, command: ChangeCommand): Wanted | UploadResult {
  const number = itemNumber(collectionId, command.ServerId);
  if (number === undefined) {
    return { kind: "change", serverId: command.ServerId, status: status.ObjectNotFound };
  }
  const data = command.ApplicationData;
  const email = data !== undefined && "Email" in data ? data.Email : undefined;
  if (email === undefined || isReadOnly(email) || isSending(command)) {
    return { kind: "change", number, status: status.ConversionError };
  }
  try {
    return { number, change: { number, ...fromEasChange(email) } };
  } catch (error) {
    if (error instanceof StatusError) return { kind: "change", number, status: error.status };
    throw error;
  }
}

/** What became of these items; what the server forbids for good is each item's own Status. */
async function carriedOut(
  numbers: readonly number[],
  work: () => Promise<readonly MailOutcome[]>,
): Promise<readonly MailOutcome[]> {
  try {
    return await work();
  } catch (error) {
    const isLasting = error instanceof BackendError && lastingStatus(error.fault) !== undefined;
    if (!isLasting) throw error;
    return numbers.map((number) => ({ number, kind: "refused", reason: error.fault }));
  }
}

function refusedStatus({ reason }: ItemOutcome & { readonly kind: "refused" }): number {
  return reason === "over quota" ? status.CannotComplete : status.ConversionError;
}

function changeResult(outcome: ItemOutcome): UploadResult {
  const { kind, number } = outcome;
  const code = kind === "refused" ? refusedStatus(outcome) : changeStatus[kind];
  return { kind: "change", number, status: code };
}

const changeStatus = {
  done: status.Success,
  gone: status.ObjectNotFound,
  conflict: status.Conflict,
} as const;

/** Only the property that the device changed moves on; another client's change is still to be told. */
function effectOf(outcome: MailOutcome, wanted: Wanted | undefined): readonly Uploaded[] {
  if (outcome.kind !== "done" || wanted === undefined) return [];
  const { number, categories, ...properties } = wanted.change;
  const version = (before: number): number => patchMailVersion(before, properties);
  const isFlag = properties.flagStatus !== undefined;
  if (categories === undefined && !isFlag) return [{ number, effect: "patch", version }];
  const labels = (before: readonly string[]): readonly string[] => {
    const own = categories === undefined ? before : withCategories(before, categories);
    return isFlag ? withFollowUp(own, outcome.followUp) : own;
  };
  return [{ number, effect: "patch", version, labels }];
}

async function remove(context: Context, { asked, commands, epoch }: Left): Promise<Effects> {
  const results: UploadResult[] = [];
  const numbers = new Set<number>();
  for (const command of commands) {
    if (!("Delete" in command)) continue;
    const serverId = command.Delete.ServerId;
    const number = itemNumber(asked.CollectionId, serverId);
    if (number !== undefined) numbers.add(number);
    else results.push({ kind: "delete", serverId, status: status.ObjectNotFound });
  }
  if (numbers.size === 0) return { effects: [], results };
  // DeletesAsMoves is true unless it says false (MS-ASCMD 2.2.3.43).
  const asMoves = asked.DeletesAsMoves !== false;
  const outcomes = await carriedOut([...numbers], () =>
    context.mailbox.remove(asked.CollectionId, [...numbers], asMoves, epoch),
  );
  const gone = outcomes.filter(({ kind }) => kind === "done" || kind === "gone");
  const refused = outcomes.filter(({ kind }) => kind !== "done" && kind !== "gone");
  return {
    effects: gone.map(({ number }) => ({ number, effect: "remove" as const })),
    results: [...results, ...refused.map(deleteRefused)],
  };
}

function deleteRefused(outcome: ItemOutcome): UploadResult {
  const code = outcome.kind === "refused" ? refusedStatus(outcome) : status.ServerError;
  return { kind: "delete", number: outcome.number, status: code };
}
