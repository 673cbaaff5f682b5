/** One collection of a Sync: open its state, carry out uploads, tell what changed, commit, answer. */
import { BackendError } from "../../backend.ts";
import { itemServerId, type Folder } from "../../mailbox/mailbox.ts";
import {
  InvalidSyncKey,
  KeyTaken,
  type Answer,
  type Head,
  type Opened,
  type UploadResult,
} from "../../sync/types.ts";
import type { Context } from "../context.ts";
import { endsRequest } from "../faults.ts";
import { defaultWindowSize, maxUploads } from "../limits.ts";
import { commandStatus, commonStatus } from "../../../schemas/status.ts";
import { isKnownBodyPart } from "../../items/email/options.ts";
import { hashOf } from "./contents.ts";
import { download, repeat } from "./download.ts";
import { draftData } from "./drafts.ts";
import { fetchResponses } from "./fetch.ts";
import {
  areAcceptable,
  feedFor,
  insideOf,
  mailOptions,
  optionsFor,
  type Inside,
} from "./options.ts";
import { readAhead } from "./read-ahead.ts";
import { windowSizeOf } from "./request.ts";
import type {
  AnsweredCollection,
  AskedCollection,
  CommandResponse,
  ServerCommand,
} from "./types.ts";
import { upload } from "./upload.ts";

const status = commandStatus.Sync;

/**
 * What a collection contributes to the answer. undefined: nothing to say, the key stays. "taken": somebody
 * else answered the key meanwhile; opened once more it is to be repeated or planned anew.
 */
export type CollectionAnswer = AnsweredCollection | "taken" | undefined;

/** A collection of the request with its open state, or the Status that it gets instead. */
export type OpenCollection = { readonly asked: AskedCollection } & (
  { readonly opened: Opened } | { readonly status: number }
);

/** Names the content of a collection's request: the same request again gets the same answer. */
async function requestHash(asked: AskedCollection): Promise<string> {
  return (await hashOf(asked)).toString("base64url");
}

/** Opens a collection under the key that the device gave. */
export async function openCollection(
  context: Context,
  asked: AskedCollection,
): Promise<OpenCollection> {
  const folder = await context.mailbox.folder(asked.CollectionId);
  if (folder === undefined) return { asked, status: status.HierarchyChanged };
  if (!isAcceptable(asked, folder)) return { asked, status: status.ProtocolError };
  if (!asked.Options.every((options) => isKnownBodyPart(options.BodyPartPreference))) {
    return { asked, status: commonStatus.BodyPartPreferenceTypeNotSupported };
  }
  const partnership = { accountId: context.account.id, deviceId: context.device.id };
  const request = { hash: await requestHash(asked), signal: context.signal };
  try {
    const { CollectionId, SyncKey } = asked;
    return { asked, opened: await context.sync.open(partnership, CollectionId, SyncKey, request) };
  } catch (error) {
    if (error instanceof InvalidSyncKey) return { asked, status: status.InvalidSyncKey };
    if (error instanceof KeyTaken) return { asked, status: status.Retry };
    throw error;
  }
}

function isAcceptable(asked: AskedCollection, folder: Folder): boolean {
  // MS-ASCMD 2.2.3.36.2, R2117: conversations are of mails.
  if (asked.ConversationMode !== undefined && folder.class !== "Email") return false;
  return (asked.Commands ?? []).length <= maxUploads && areAcceptable(asked.Options);
}

/** Carries out one open collection; a fault in it is its own Status, never the request's. */
export async function syncCollection(
  context: Context,
  open: OpenCollection,
  room: number,
): Promise<CollectionAnswer> {
  const { asked } = open;
  if ("status" in open) return failed(asked, open.status);
  try {
    return await answerOpened(context, asked, { opened: open.opened, room });
  } catch (error) {
    if (error instanceof KeyTaken) return "taken";
    if (endsRequest(error, context.signal)) throw error;
    const code = statusOf(error);
    if (code === status.ServerError) {
      context.log.error({ collectionId: asked.CollectionId, err: error }, "a collection failed");
    }
    return failed(asked, code);
  } finally {
    await context.sync.release(open.opened);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof InvalidSyncKey) return status.InvalidSyncKey;
  if (!(error instanceof BackendError)) return status.ServerError;
  if (error.fault === "no such folder") return status.HierarchyChanged;
  return error.fault === "over quota" ? status.CannotComplete : status.ServerError;
}

/** Status 3 sends the device back to key 0 (MS-ASCMD 2.2.3.177.17); else its key still holds. */
export function failed(asked: AskedCollection, Status: number): AnsweredCollection {
  const SyncKey = Status === status.InvalidSyncKey ? "0" : asked.SyncKey;
  return { ...nameOf(asked), SyncKey, Status };
}

/** The answer for a collection without changes. */
export function unchanged(asked: AskedCollection): AnsweredCollection {
  return { ...nameOf(asked), SyncKey: asked.SyncKey, Status: status.Success };
}

/** Class is told up to 12.1 (MS-ASCMD 2.2.3.29.2). */
function nameOf(asked: AskedCollection): Pick<AnsweredCollection, "Class" | "CollectionId"> {
  return { Class: asked.Class ?? "Email", CollectionId: asked.CollectionId };
}

interface Work {
  readonly opened: Opened;
  /** Room left in the window of the whole request. */
  readonly room: number;
}

async function answerOpened(
  context: Context,
  asked: AskedCollection,
  { opened, room }: Work,
): Promise<CollectionAnswer> {
  const options = optionsFor(asked, opened.head);
  const head = context.sync.withOptions(opened.head, options);
  if (opened.kind === "initial") return primed(context, asked, { opened, head });
  if (opened.kind === "again" && opened.answer !== undefined) {
    return answeredAgain(context, asked, { head, ...opened.answer });
  }
  const uploaded = await upload(context, head, asked);
  const changes = await changesFor(context, asked, { head: uploaded.head, room });
  const fetches = await fetchResponses(context, asked, { head: changes.next, options });
  const answer: Answer = { ...changes.answer, uploads: uploaded.results };
  const isSilent = !hasNews(changes.answer) && !changesState(asked) && fetches.length === 0;
  // A device that went one key back needs a new one: its state is not the one that a wait looks at.
  if (isSilent && opened.kind !== "retry") {
    await context.sync.touch(opened.head, changes.next);
    return undefined;
  }
  const key = await context.sync.commit(opened, changes.next, answer);
  return answered(asked, { ...answer, key, commands: changes.commands, fetches });
}

function hasNews({ operations, more }: Answer): boolean {
  return operations.length > 0 || more;
}

/** A request with client commands moves the key, even when each of them failed. */
function changesState(asked: AskedCollection): boolean {
  return (asked.Commands ?? []).some((command) => !("Fetch" in command));
}

/** Key 0: the answer holds the first key alone; items follow under it (MS-ASCMD 2.2.1.21). */
async function primed(
  context: Context,
  asked: AskedCollection,
  { opened, head }: { opened: Opened; head: Head },
): Promise<AnsweredCollection> {
  const nothing = { operations: [], uploads: [], more: false };
  const SyncKey = await context.sync.commit(opened, head, nothing);
  return { ...nameOf(asked), SyncKey, Status: status.Success };
}

interface Changed {
  readonly next: Head;
  readonly answer: Answer;
  readonly commands: readonly ServerCommand[];
}

async function changesFor(
  context: Context,
  asked: AskedCollection,
  { head, room }: { head: Head; room: number },
): Promise<Changed> {
  if (asked.GetChanges === false) return untold(head, false);
  const options = optionsFor(asked, head);
  const inside = insideOf(options, context.clock.now());
  if (room === 0) return await withoutRoom(context, head, inside);
  const windowSize = Math.min(windowSizeOf(asked.WindowSize, defaultWindowSize), room);
  const window = { windowSize, ...inside };
  const wishes = mailOptions(options, context);
  const { planned, commands } = await download(context, head, window, wishes);
  await readAhead(context, planned, window, wishes);
  const { operations, more, next } = planned;
  return { next, answer: { operations, uploads: [], more }, commands };
}

function untold(next: Head, more: boolean): Changed {
  return { next, answer: { operations: [], uploads: [], more }, commands: [] };
}

/**
 * The window of the whole request is full: whether something waits is told by MoreAvailable, as a device may
 * take a collection that is left out for one without changes (MS-ASCMD 2.2.3.199, R4779, R4780).
 */
async function withoutRoom(context: Context, head: Head, inside: Inside): Promise<Changed> {
  const feed = await feedFor(context.mailbox, head.collectionId, inside);
  const { operations, next } = await context.sync.plan(head, feed, { windowSize: 1, ...inside });
  return operations.length > 0 ? untold(head, true) : untold(next, false);
}

async function answeredAgain(
  context: Context,
  asked: AskedCollection,
  again: Answer & { readonly head: Head; readonly key: string },
): Promise<AnsweredCollection> {
  const { head, operations, key } = again;
  const options = optionsFor(asked, head);
  const told = { collectionId: asked.CollectionId, operations, next: head };
  const commands = await repeat(context, told, mailOptions(options, context));
  const fetches = await fetchResponses(context, asked, { head, options });
  return answered(asked, { ...again, key, commands, fetches });
}

interface Answered extends Answer {
  readonly key: string;
  readonly commands: readonly ServerCommand[];
  readonly fetches: readonly CommandResponse[];
}

function answered(asked: AskedCollection, of: Answered): AnsweredCollection {
  const uploads = of.uploads.flatMap((result) => responseOf(asked.CollectionId, result));
  const Responses = [...uploads, ...of.fetches];
  return {
    ...nameOf(asked),
    SyncKey: of.key,
    Status: status.Success,
    ...(of.more ? { MoreAvailable: true as const } : {}),
    ...(of.commands.length > 0 ? { Commands: [...of.commands] } : {}),
    ...(Responses.length > 0 ? { Responses } : {}),
  };
}

/**
 * Of what succeeded only additions, and changes that add an attachment, get a response of their own
 * (MS-ASCMD 2.2.3.24, R6234).
 */
function responseOf(collectionId: string, result: UploadResult): CommandResponse[] {
  const { kind, number, status: Status, instanceId: InstanceId } = result;
  const ServerId = number === undefined ? result.serverId : itemServerId(collectionId, number);
  const named = ServerId === undefined ? {} : { ServerId };
  // MS-ASAIRS 2.2.2.25, R1178: beside the ServerId.
  const item = { ServerId: ServerId ?? "", ...(InstanceId === undefined ? {} : { InstanceId }) };
  const ApplicationData = draftData(result.detail);
  const told = ApplicationData === undefined ? { Status } : { Status, ApplicationData };
  if (kind === "add") return [{ Add: { ClientId: result.clientId ?? "", ...named, ...told } }];
  if (Status === status.Success && ApplicationData === undefined) return [];
  if (kind === "change") return [{ Change: { ...item, ...told } }];
  return [{ Delete: { ...item, Status } }];
}
