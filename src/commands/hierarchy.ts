/** The hierarchy's sync key: FolderSync and the commands that change folders take it and give the next one. */
import { createHash } from "node:crypto";
import { commandStatus, StatusError } from "../../schemas/status.ts";
import { FolderRefused, type FolderFault } from "../mailbox/mailbox.ts";
import {
  InvalidSyncKey,
  KeyTaken,
  type Opened,
  type Uploaded,
  type UploadResult,
} from "../sync/types.ts";
import type { Context } from "./context.ts";
import { hierarchyId } from "./look.ts";

/** These mean the same in all commands of folders. */
const status = commandStatus.FolderSync;

/** What a request under the hierarchy's key is. */
interface Keyed {
  readonly SyncKey: string;
  /** Equal exactly for a repeat of the same request. */
  readonly hash: string;
}

/**
 * Answers a request under the hierarchy's key; once more when somebody else answered the key meanwhile: that
 * attempt repeats what he said. Throws StatusError 9 for a key that is neither the current nor the last one.
 */
export async function underKey<Result>(
  keyed: Keyed,
  context: Context,
  answer: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const first = await attempt(keyed, context, answer);
  if (first !== undefined) return first.result;
  const second = await attempt(keyed, context, answer);
  if (second === undefined) throw new StatusError(status.ServerError, "the key was taken twice");
  return second.result;
}

async function attempt<Result>(
  keyed: Keyed,
  context: Context,
  answer: (opened: Opened) => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  let opened: Opened | undefined;
  try {
    opened = await open(keyed, context);
    return { result: await answer(opened) };
  } catch (error) {
    if (error instanceof InvalidSyncKey) throw new StatusError(status.InvalidSyncKey);
    if (error instanceof KeyTaken) return undefined;
    throw error;
  } finally {
    if (opened !== undefined) await context.sync.release(opened);
  }
}

async function open({ SyncKey, hash }: Keyed, context: Context): Promise<Opened> {
  const { sync, account, device, signal } = context;
  const partnership = { accountId: account.id, deviceId: device.id };
  return await sync.open(partnership, hierarchyId, SyncKey, { hash, signal });
}

/** A device's change of one folder. */
export interface FolderChange {
  readonly SyncKey: string;
  /** All that the request says, so that a repeat is told from another request. */
  readonly asked: readonly [command: string, ...values: readonly (string | number)[]];
  /** Statuses of what cannot be done. */
  readonly faults: Readonly<Record<FolderFault, number>>;
  /**
   * Does it, and tells what the device has of the folder from now on. `clientKey` is the same in each repeat.
   */
  carryOut(clientKey: string, opened: Opened): Promise<Uploaded>;
}

/** What a command that changed a folder answers. */
export interface ChangeAnswered {
  readonly SyncKey: string;
  readonly serial: number;
}

/**
 * Changes a folder once and gives the next key, under which the device is told nothing of its own change. The
 * device must have the hierarchy: key 0 is no key here (MS-ASCMD 2.2.3.181.1, R4573).
 */
export async function changeFolder(
  change: FolderChange,
  context: Context,
): Promise<ChangeAnswered> {
  const { SyncKey, asked } = change;
  if (SyncKey === "0") throw new StatusError(status.InvalidSyncKey);
  const hash = createHash("sha256").update(JSON.stringify(asked)).digest("base64");
  return await underKey({ SyncKey, hash }, context, async (opened) => {
    const [told] = opened.kind === "again" ? (opened.answer?.uploads ?? []) : [];
    if (opened.answer !== undefined && told?.number !== undefined) {
      return { SyncKey: opened.answer.key, serial: told.number };
    }
    return await carryOut(change, { opened, clientKey: `${SyncKey} ${hash}` }, context);
  });
}

async function carryOut(
  change: FolderChange,
  { opened, clientKey }: { readonly opened: Opened; readonly clientKey: string },
  { sync, log }: Context,
): Promise<ChangeAnswered> {
  try {
    const uploaded = await change.carryOut(clientKey, opened);
    const next = await sync.uploaded(opened.head, [uploaded]);
    const uploads: UploadResult[] = [{ ...result[uploaded.effect], number: uploaded.number }];
    const SyncKey = await sync.commit(opened, next, { operations: [], uploads, more: false });
    return { SyncKey, serial: uploaded.number };
  } catch (error) {
    if (!(error instanceof FolderRefused)) throw error;
    log.info({ fault: error.fault, err: error.cause }, "a folder is not changed");
    throw new StatusError(change.faults[error.fault], error.message, { cause: error });
  }
}

const result = {
  add: { kind: "add", status: 1 },
  patch: { kind: "change", status: 1 },
  remove: { kind: "delete", status: 1 },
} as const;
