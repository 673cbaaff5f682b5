/** Defaults, cached requests and limits of a Sync request. */
import type { Context } from "../context.ts";
import { maxCollections, maxWaitMinutes, maxWindowSize } from "../limits.ts";
import { commandStatus } from "../../../schemas/status.ts";
import { atLeast } from "../../../schemas/version.ts";
import type { AskedCollection, SyncRequest, SyncResponse } from "./types.ts";
import type { RequestOf } from "../../../schemas/commands.ts";

const status = commandStatus.Sync;

type Raw = RequestOf<"Sync">;

/** A request that is ready to be carried out, or the answer that refuses it. */
export type ReadRequest = {
  /** What is to be cached of it; absent where it came from there. */
  readonly cache?: { readonly request: Raw | undefined };
} & ({ readonly asked: SyncRequest } | { readonly refused: SyncResponse });

/** Fills a request from the cached one and checks it (MS-ASCMD 2.2.1.21.1, 2.2.3.131). */
export async function readRequest(raw: Raw | undefined, context: Context): Promise<ReadRequest> {
  const complete = await completeRequest(raw, context);
  if (complete === undefined) return { refused: { Status: status.RequestIncomplete } };
  // One with client commands is never cached: an empty one after it is Status 13.
  const cache =
    raw === undefined ? {} : { cache: { request: hasCommands(complete) ? undefined : complete } };
  const refused = refusal(complete, context);
  if (refused !== undefined) return { ...cache, refused };
  return {
    ...cache,
    asked: {
      collections: complete.Collections?.Collection ?? [],
      waitSeconds: waitSeconds(complete),
      windowSize: windowSizeOf(complete.WindowSize, maxWindowSize),
    },
  };
}

/** A WindowSize as the server reads it: 0 and large values mean the largest. */
export function windowSizeOf(asked: number | undefined, absent: number): number {
  if (asked === undefined) return absent;
  return asked <= 0 || asked > maxWindowSize ? maxWindowSize : asked;
}

/** An empty request is the cached one; a partial one takes from there the collections that it does not name. */
async function completeRequest(raw: Raw | undefined, context: Context): Promise<Raw | undefined> {
  if (raw === undefined) return knowsEmpty(context) ? cachedRequest(context) : {};
  return raw.Partial === true ? await merged(raw, context) : raw;
}

/** From 12.1 an empty request is short for the one before, an empty answer for "nothing changed". */
export function knowsEmpty({ version }: Context): boolean {
  return atLeast(version, "12.1");
}

async function cachedRequest({ devices, device }: Context): Promise<Raw | undefined> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only Sync puts requests there
  return (await devices.syncRequest(device)) as Raw | undefined;
}

async function merged(raw: Raw, context: Context): Promise<Raw | undefined> {
  const cached = await cachedRequest(context);
  if (cached === undefined) return undefined;
  const named = raw.Collections?.Collection ?? [];
  const names = new Set(named.map((collection) => collection.CollectionId));
  const rest = (cached.Collections?.Collection ?? []).filter(
    (collection) => !names.has(collection.CollectionId),
  );
  const waits = raw.Wait !== undefined || raw.HeartbeatInterval !== undefined ? raw : cached;
  return {
    Collections: { Collection: [...named, ...rest] },
    Wait: waits.Wait,
    HeartbeatInterval: waits.HeartbeatInterval,
    WindowSize: raw.WindowSize ?? cached.WindowSize,
  };
}

function hasCommands(raw: Raw): boolean {
  return (raw.Collections?.Collection ?? []).some((collection) => collection.Commands?.length);
}

function refusal(raw: Raw, context: Context): SyncResponse | undefined {
  const collections = raw.Collections?.Collection ?? [];
  if (collections.length === 0) return { Status: status.ProtocolError };
  if (collections.length > maxCollections) {
    return { Status: status.InvalidRequest, Limit: maxCollections };
  }
  if (raw.Wait !== undefined && raw.HeartbeatInterval !== undefined) {
    return { Status: status.ProtocolError };
  }
  if (repeats(collections)) return { Status: status.ProtocolError };
  return waitRefusal(raw, context);
}

/** Two Collection elements for one collection have no order of effects; the request is in error. */
function repeats(collections: readonly AskedCollection[]): boolean {
  return new Set(collections.map((one) => one.CollectionId)).size < collections.length;
}

/** Out of bounds: Status 14 with the nearest allowed value as Limit (MS-ASCMD 2.2.3.92). */
function waitRefusal(raw: Raw, context: Context): SyncResponse | undefined {
  const { minSeconds, maxSeconds } = context.push.bounds;
  const Status = status.InvalidWait;
  if (raw.Wait !== undefined) {
    const most = Math.min(maxWaitMinutes, Math.floor(maxSeconds / 60));
    const nearest = Math.min(Math.max(raw.Wait, 1), most);
    return nearest === raw.Wait ? undefined : { Status, Limit: nearest };
  }
  if (raw.HeartbeatInterval === undefined) return undefined;
  const nearest = Math.min(Math.max(raw.HeartbeatInterval, minSeconds), maxSeconds);
  return nearest === raw.HeartbeatInterval ? undefined : { Status, Limit: nearest };
}

function waitSeconds(raw: Raw): number | undefined {
  if (raw.Wait !== undefined) return raw.Wait * 60;
  return raw.HeartbeatInterval;
}
