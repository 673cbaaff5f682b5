/** Sync (MS-ASCMD 2.2.1.21): the order of its steps. */
import type { RequestOf } from "../../../schemas/commands.ts";
import type { Context } from "../context.ts";
import { hold } from "../look.ts";
import { openCollection, syncCollection, type OpenCollection } from "./collection.ts";
import { readRequest } from "./request.ts";
import type { AnsweredCollection, SyncRequest, SyncResponse } from "./types.ts";

/** Answers a Sync; undefined is the empty answer: nothing changed (MS-ASCMD 2.2.1.21.2). */
export async function handleSync(
  request: RequestOf<"Sync"> | undefined,
  context: Context,
): Promise<SyncResponse | undefined> {
  const read = await readRequest(request, context);
  if ("refused" in read) return read.refused;
  const { asked } = read;
  const answers = await pass(asked, context);
  if (answers.length > 0 || asked.waitSeconds === undefined) return answerOf(answers);
  const outcome = await hold(context, {
    collectionIds: asked.collections.map((collection) => collection.CollectionId),
    hierarchy: false,
    heartbeatSeconds: asked.waitSeconds,
  });
  // A wait that ended without a change, whatever ended it, has nothing to say and changes nothing.
  return outcome.kind === "changed" ? answerOf(await pass(asked, context)) : undefined;
}

function answerOf(answers: readonly AnsweredCollection[]): SyncResponse | undefined {
  return answers.length === 0 ? undefined : { Collections: { Collection: [...answers] } };
}

/** One pass over all collections, in the order of the request until its window is full. */
async function pass(asked: SyncRequest, context: Context): Promise<readonly AnsweredCollection[]> {
  const open = await openAll(asked, context);
  const answers: AnsweredCollection[] = [];
  let room = asked.windowSize;
  try {
    for (const collection of asked.collections) {
      const opened = open.get(collection.CollectionId);
      if (opened === undefined) continue;
      const answer = await syncCollection(context, opened, room);
      if (answer === undefined) continue;
      answers.push(answer);
      room = Math.max(0, room - (answer.Commands?.length ?? 0));
    }
  } finally {
    await releaseAll(context, open.values());
  }
  return answers;
}

/** Opens in the order of ids, so that two requests over the same collections never wait for each other. */
async function openAll(
  asked: SyncRequest,
  context: Context,
): Promise<ReadonlyMap<string, OpenCollection>> {
  const open = new Map<string, OpenCollection>();
  const inOrder = asked.collections.toSorted((one, other) =>
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
