/** `HeadRows` over the tables `sync_heads` and `sync_known`. */
import {
  amendHead,
  createHead,
  findHead,
  findLastAnswer,
  type HeadLease,
  putHead,
  releaseHead,
  removeHead,
  renewHead,
  type StoredHead,
  takeHead,
  touchHead,
} from "../store/heads.ts";
import { findBlocks } from "../store/known.ts";
import type { Database } from "../store/sql.ts";
import type { HeadRow, HeadRows, LastAnswer, LeaseClaim } from "./rows.ts";
import type { StoredFields } from "./stored.ts";

/** The rows of this database. */
export function storedRows(database: Database): HeadRows {
  return {
    find: async (place) => rowOf(await findHead(database, place)),
    take: async (place, claim) => rowOf(await takeHead(database, place, leaseOf(claim))),
    create: (place) => createHead(database, place),
    renew: (place, claim) => renewHead(database, place, leaseOf(claim)),
    release: (place, token) => releaseHead(database, place, token),
    lastAnswer: (place, counter) => findLastAnswer<LastAnswer>(database, place, counter),
    blocks: (place, counter, runs) => findBlocks(database, { ...place, counter }, runs),
    touch: (place, { counter, revision }, head) =>
      touchHead(database, place, { counter, revision, head: JSON.stringify(head) }),
    amend: (place, at, next) => amend(database, place, { ...at, next }),
    commit: (place, at, next) => commit(database, place, { ...at, next }),
    remove: (place) => removeHead(database, place),
  };
}

async function commit(
  database: Database,
  place: Parameters<HeadRows["commit"]>[0],
  at: Parameters<HeadRows["commit"]>[1] & { readonly next: Parameters<HeadRows["commit"]>[2] },
): Promise<boolean> {
  const { uuid, counter, previous, blocks, replace, ...contents } = at.next;
  const next = {
    uuid,
    counter,
    previous: previous ?? null,
    head: JSON.stringify(contents.head),
    undo: JSON.stringify(contents.undo),
    answer: JSON.stringify(contents.answer),
  };
  return await putHead(database, place, { ...at, next, blocks, replace });
}

async function amend(
  database: Database,
  place: Parameters<HeadRows["amend"]>[0],
  at: Parameters<HeadRows["amend"]>[1] & { readonly next: Parameters<HeadRows["amend"]>[2] },
): Promise<void> {
  const { head, undo, blocks } = at.next;
  const next = { head: JSON.stringify(head), undo: JSON.stringify(undo) };
  await amendHead(database, place, { ...at, next, blocks });
}

function leaseOf({ token, now, until }: LeaseClaim): HeadLease {
  return { token, now: new Date(now), until: new Date(until) };
}

function rowOf(stored: StoredHead<StoredFields> | undefined): HeadRow | undefined {
  if (stored === undefined) return undefined;
  const { uuid, counter, previous, revision, head } = stored;
  return { uuid: uuid ?? undefined, counter, previous: previous ?? undefined, revision, head };
}
