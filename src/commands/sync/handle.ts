/** Sync (MS-ASCMD 2.2.1.21): the order of its steps. */
import type { RequestOf } from "../../../schemas/commands.ts";
import { commandStatus } from "../../../schemas/status.ts";
import type { Context } from "../context.ts";
import { hold } from "../look.ts";
import {
  failed,
  openCollection,
  unchanged,
  syncCollection,
  type OpenCollection,
} from "./collection.ts";
import { knowsEmpty, readRequest, type ReadRequest } from "./request.ts";
import type { AnsweredCollection, AskedCollection, SyncRequest, SyncResponse } from "./types.ts";

/** Answers a Sync; undefined is the empty answer: nothing changed (MS-ASCMD 2.2.1.21.2). */
export async function handleSync(
  request: RequestOf<"Sync"> | undefined,
  context: Context,
): Promise<SyncResponse | undefined> {
  const read = await readRequest(request, context);
  const cached = cacheRequest(read, context);
  if ("refused" in read) {
    await cached;
    return read.refused;
  }
  const { asked } = read;
  const answers = await after(cached, () => pass(asked, context));
  if (!knowsEmpty(context)) return answerOf(withUnchanged(answers, asked));
  if (answers.length > 0 || asked.waitSeconds === undefined) return answerOf(answers);
  const outcome = await hold(context, {
    // Of what shall not be told nothing can end the wait.
    collectionIds: asked.collections
      .filter(({ GetChanges }) => GetChanges !== false)
      .map(({ CollectionId }) => CollectionId),
    hierarchy: false,
    heartbeatSeconds: asked.waitSeconds,
  });
  // A wait that ended without a change, whatever ended it, has nothing to say and changes nothing.
  return outcome.kind === "changed" ? answerOf(await pass(asked, context)) : undefined;
}

async function cacheRequest({ cache }: ReadRequest, { devices, device }: Context): Promise<void> {
  if (cache !== undefined) await devices.putSyncRequest(device, cache.request);
}

/** Work that ends once something that was begun before has ended too; both run to their end. */
async function after<Result>(begun: Promise<void>, work: () => Promise<Result>): Promise<Result> {
  const [before, worked] = await Promise.allSettled([begun, work()]);
  if (worked.status === "rejected") throw worked.reason;
  if (before.status === "rejected") throw before.reason;
  return worked.value;
}

function answerOf(answers: readonly AnsweredCollection[]): SyncResponse | undefined {
  return answers.length === 0 ? undefined : { Collections: { Collection: [...answers] } };
}

/** Before 12.1 every collection is answered; one without changes keeps its key. */
function withUnchanged(
  answers: readonly AnsweredCollection[],
  { collections }: SyncRequest,
): readonly AnsweredCollection[] {
  const byId = new Map(answers.map((answer) => [answer.CollectionId, answer]));
  return collections.map((asked) => byId.get(asked.CollectionId) ?? unchanged(asked));
}

/** One pass over all collections; those whose key somebody else answered meanwhile are opened once more. */
async function pass(asked: SyncRequest, context: Context): Promise<readonly AnsweredCollection[]> {
  const answers = new Map<string, AnsweredCollection>();
  const taken = await answerAll(asked.collections, { context, asked, answers });
  const left = taken.length === 0 ? [] : await answerAll(taken, { context, asked, answers });
  for (const one of left) answers.set(one.CollectionId, failed(one, commandStatus.Sync.Retry));
  return asked.collections.flatMap(({ CollectionId }) => answers.get(CollectionId) ?? []);
}

/** What a pass has so far. */
interface Pass {
  readonly context: Context;
  readonly asked: SyncRequest;
  /** Answers by CollectionId. */
  readonly answers: Map<string, AnsweredCollection>;
}

/** Answers collections in their order until the window of the request is full; returns those that were taken. */
async function answerAll(
  collections: readonly AskedCollection[],
  { context, asked, answers }: Pass,
): Promise<readonly AskedCollection[]> {
  const open = await openAll(collections, context);
  const taken: AskedCollection[] = [];
  try {
    for (const collection of collections) {
      const opened = open.get(collection.CollectionId);
      if (opened === undefined) continue;
      const room = Math.max(0, asked.windowSize - toldIn(answers));
      const answer = await syncCollection(context, opened, room);
      if (answer === "taken") taken.push(collection);
      else if (answer !== undefined) answers.set(collection.CollectionId, answer);
    }
  } finally {
    await releaseAll(context, open.values());
  }
  return taken;
}

function toldIn(answers: ReadonlyMap<string, AnsweredCollection>): number {
  return [...answers.values()].reduce((sum, { Commands }) => sum + (Commands?.length ?? 0), 0);
}

/** Opens in the order of ids, so that two requests over the same collections never wait for each other. */
async function openAll(
  collections: readonly AskedCollection[],
  context: Context,
): Promise<ReadonlyMap<string, OpenCollection>> {
  const open = new Map<string, OpenCollection>();
  const inOrder = collections.toSorted((one, other) =>
    one.CollectionId < other.CollectionId ? -1 : 1,
  );
  try {
    for (const collection of inOrder) {
      open.set(collection.CollectionId, await openCollection(context, collection));
    }
  } catch (error) {
    await releaseAll(context, open.values());
    throw error;
  }
  return open;
}

async function releaseAll(context: Context, open: Iterable<OpenCollection>): Promise<void> {
  for (const one of open) if ("opened" in one) await context.sync.release(one.opened);
}
