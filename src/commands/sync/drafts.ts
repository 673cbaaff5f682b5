/** Drafts that a device writes with Sync, and mails that it sends out of Drafts (16.0, 16.1). */
import { BackendError, SendRefused } from "../../backend.ts";
import type { EmailData } from "../../items/email/data.ts";
import { changesContent, fromEasDraft } from "../../items/email/draft-change.ts";
import { fromEasChange } from "../../items/email/index.ts";
import { mailVersion, patchMailVersion } from "../../items/email/version.ts";
import { withCategories, withFollowUp } from "../../items/email/inner-labels.ts";
import { editIn, withEdit } from "../../mailbox/aliased.ts";
import type { DraftEdit, DraftOutcome, DraftWish, KeptDraft } from "../../mailbox/draft-wish.ts";
import { itemNumber } from "../../mailbox/mailbox.ts";
import type { Head, Uploaded, UploadResult } from "../../sync/types.ts";
import type { Context } from "../context.ts";
import { sendStatus } from "../submit.ts";
import { commandStatus, commonStatus, StatusError } from "../../../schemas/status.ts";
import { atLeast } from "../../../schemas/version.ts";
import { hashOf } from "./contents.ts";
import { optionsFor } from "./options.ts";
import type { AskedCollection, ClientCommand, CommandResponse } from "./types.ts";
import { isReadOnly } from "./read-only.ts";
import { lastingStatus } from "./upload-faults.ts";

const status = commandStatus.Sync;
const draftsType = 3;

type Add = Extract<ClientCommand, { Add: unknown }>["Add"];
type Change = Extract<ClientCommand, { Change: unknown }>["Change"];

/** What became of one command. */
interface Written {
  readonly result: UploadResult;
  readonly effect?: Uploaded | undefined;
}

/** What became of the commands, and those that are left for others. */
export interface WrittenDrafts {
  readonly results: readonly UploadResult[];
  readonly effects: readonly Uploaded[];
  readonly left: readonly ClientCommand[];
}

/** What the answer to an Add or a Change tells of a draft, kept as JSON until it is repeated. */
interface DraftDetail {
  readonly added: KeptDraft["added"];
  /** ConversationId and ConversationIndex of a new draft, in base64. */
  readonly conversation?: { readonly id: string; readonly index: string };
}

/**
 * Carries out each Add, and each Change of a draft's content, in their order. An Add of mail anywhere else, by an
 * older version or of class SMS is refused by Status 6 (MS-ASCMD 2.2.3.7.2, R755).
 */
export async function writeDrafts(
  context: Context,
  head: Head,
  asked: AskedCollection,
): Promise<WrittenDrafts> {
  const commands = asked.Commands ?? [];
  const isOpen = await takesDrafts(context, asked);
  const writer = new DraftWriter(context, head, asked);
  const left: ClientCommand[] = [];
  const written: Written[] = [];
  for (const command of commands) {
    if ("Add" in command) {
      written.push(isOpen ? await writer.add(command.Add) : refusedAdd(command.Add));
    } else if (isOpen && "Change" in command && isDraftChange(command.Change)) {
      written.push(await writer.change(command.Change));
    } else left.push(command);
  }
  return {
    results: written.map(({ result }) => result),
    effects: written.flatMap(({ effect }) => effect ?? []),
    left,
  };
}

async function takesDrafts(
  { version, mailbox }: Context,
  asked: AskedCollection,
): Promise<boolean> {
  if (!atLeast(version, "16.0")) return false;
  const folder = await mailbox.folder(asked.CollectionId);
  return folder?.type === draftsType;
}

function refusedAdd(add: Add, code: number = status.ConversionError): Written {
  return { result: { kind: "add", clientId: add.ClientId, status: code } };
}

/** A Change of Read, Flag or Categories alone is that of any mail. */
function isDraftChange(change: Change): boolean {
  const data = emailOf(change);
  if (isSending(change)) return true;
  try {
    return data !== undefined && changesContent(fromEasDraft(data));
  } catch {
    // What is wrong with it is found out, and told, when it is carried out.
    return true;
  }
}

function emailOf({ ApplicationData }: Partial<Pick<Change, "ApplicationData">>) {
  return ApplicationData !== undefined && "Email" in ApplicationData
    ? ApplicationData.Email
    : undefined;
}

/** Send stands beside ApplicationData (MS-ASCMD 2.2.3.7.2) or in it (MS-ASEMAIL 2.2.2.69). */
export function isSending(command: Add | Change): boolean {
  return command.Send === true || emailOf(command)?.Send === true;
}

class DraftWriter {
  readonly #context: Context;
  readonly #head: Head;
  readonly #asked: AskedCollection;

  constructor(context: Context, head: Head, asked: AskedCollection) {
    this.#context = context;
    this.#head = head;
    this.#asked = asked;
  }

  async add(add: Add): Promise<Written> {
    const { mailbox, signal } = this.#context;
    const data = emailOf(add);
    if (data === undefined || (add.Class ?? "Email") !== "Email") return refusedAdd(add);
    try {
      const wish = await this.#wish(add.ClientId, data);
      const outcome = isSending(add)
        ? await mailbox.sendNewDraft(wish, signal)
        : await mailbox.addDraft(wish, signal);
      return await this.#added(add, wish, outcome, await this.#flagged(outcome, data));
    } catch (error) {
      return refusedAdd(add, this.#statusOf(error));
    }
  }

  async change(change: Change): Promise<Written> {
    const { mailbox, signal, sync } = this.#context;
    const { ServerId } = change;
    const number = itemNumber(this.#asked.CollectionId, ServerId);
    const refused = (code: number): Written => ({
      result: { kind: "change", serverId: ServerId, status: code },
    });
    const data = emailOf(change) ?? {};
    if (number === undefined) return refused(status.ObjectNotFound);
    if (isReadOnly(data)) return refused(status.ConversionError);
    try {
      const known = (await sync.known(this.#head, [number])).get(number);
      const edit = {
        ...(await this.#wish(ServerId, data)),
        number,
        epoch: this.#head.epoch,
        knownUid: editIn(known?.labels ?? []) ?? number,
        clientWins: optionsFor(this.#asked, this.#head)?.Conflict === 0,
      };
      const outcome = isSending(change)
        ? await mailbox.sendDraft(edit, signal)
        : await mailbox.changeDraft(edit, signal);
      return changed(edit, outcome, await this.#flagged(outcome, data));
    } catch (error) {
      return refused(this.#statusOf(error));
    }
  }

  async #wish(name: string, data: EmailData): Promise<DraftWish> {
    const { CollectionId, SyncKey } = this.#asked;
    return {
      deviceId: this.#context.device.id,
      collectionId: CollectionId,
      name,
      syncKey: SyncKey,
      contents: await hashOf(data),
      change: fromEasDraft(data),
      flags: fromEasChange(data),
    };
  }

  /** What a Flag says beside its status is kept apart from the draft; its count for the labels. */
  async #flagged(outcome: DraftOutcome, data: EmailData): Promise<number | undefined> {
    const { flagStatus = 0, followUp } = fromEasChange(data);
    if (outcome.kind !== "kept" || flagStatus === 0 || followUp === undefined) return undefined;
    const change = { number: outcome.number, flagStatus, followUp };
    const [flagged] = await this.#context.mailbox.setFlags(this.#asked.CollectionId, [change]);
    return flagged?.followUp;
  }

  async #added(
    add: Add,
    wish: DraftWish,
    outcome: DraftOutcome,
    followUp: number | undefined,
  ): Promise<Written> {
    const result = { kind: "add" as const, clientId: add.ClientId };
    if (outcome.kind === "sent") return { result: { ...result, status: status.Success } };
    if (outcome.kind !== "kept") return refusedAdd(add, outcomeStatus[outcome.kind]);
    const { number, uid } = outcome;
    const detail: DraftDetail = {
      added: outcome.added,
      ...(await this.#conversationOf(wish.collectionId, number)),
    };
    const { seen = true, flagStatus = 0, categories = [] } = wish.flags;
    const version = (): number =>
      mailVersion({ seen, flagStatus, answered: false, forwarded: false });
    const own = uid === number ? categories : withEdit(uid, categories);
    const labels = () => withFollowUp(own, followUp);
    const effect = { number, effect: "add", version, labels } as const;
    return { result: { ...result, number, status: status.Success, detail }, effect };
  }

  /** A new draft is told its conversation (MS-ASEMAIL 2.2.2.21, 2.2.2.22). */
  async #conversationOf(
    collectionId: string,
    number: number,
  ): Promise<Pick<DraftDetail, "conversation">> {
    const { mailbox } = this.#context;
    const items = await mailbox.list(collectionId, [number]);
    const found = (await mailbox.conversations(items)).get(number);
    if (found === undefined) return {};
    const { id, index } = found;
    return { conversation: { id: id.toString("base64"), index: index.toString("base64") } };
  }

  /** What concerns this item alone becomes its Status; everything else ends the request. */
  #statusOf(error: unknown): number {
    if (error instanceof StatusError) return error.status;
    if (error instanceof SendRefused) {
      const { fault } = error;
      this.#context.log.info({ fault, err: error }, "a draft was not sent");
      const isAddress = fault === "no recipients" || fault === "recipients";
      return isAddress ? commonStatus.InvalidRecipients : sendStatus[fault];
    }
    const lasting = error instanceof BackendError ? lastingStatus(error.fault) : undefined;
    if (lasting === undefined) throw error;
    return lasting;
  }
}

const outcomeStatus = { conflict: status.Conflict, gone: status.ObjectNotFound } as const;

function changed(wish: DraftEdit, outcome: DraftOutcome, followUp: number | undefined): Written {
  const { number } = wish;
  const result = { kind: "change" as const, number };
  // The Delete of a draft that was sent comes with the changes of the folder.
  if (outcome.kind === "sent") return { result: { ...result, status: status.Success } };
  if (outcome.kind !== "kept")
    return { result: { ...result, status: outcomeStatus[outcome.kind] } };
  const { categories, seen, flagStatus } = wish.flags;
  const properties = {
    ...(seen === undefined ? {} : { seen }),
    ...(flagStatus === undefined ? {} : { flagStatus }),
  };
  const detail: DraftDetail = { added: outcome.added };
  return {
    result: { ...result, status: status.Success, detail },
    effect: {
      number,
      effect: "patch",
      version: (before) => patchMailVersion(before, properties),
      labels: (before) => {
        const kept = flagStatus === undefined ? before : withFollowUp(before, followUp);
        return withEdit(outcome.uid, categories ? withCategories(kept, categories) : kept);
      },
    },
  };
}

/** Responses of a draft's Add or Change: what the device cannot know (MS-ASAIRS 2.2.2.14, 2.2.2.24.1). */
export function draftData(
  detail: unknown,
): Extract<CommandResponse, { Add: unknown }>["Add"]["ApplicationData"] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this file puts details there
  const { added, conversation } = (detail ?? { added: [] }) as DraftDetail;
  const Attachments = added.map(({ clientId, reference }) => ({
    Attachment: { ClientId: clientId, FileReference: reference },
  }));
  if (Attachments.length === 0 && conversation === undefined) return undefined;
  const Email: EmailData = {
    ...(Attachments.length === 0 ? {} : { Attachments }),
    ...(conversation === undefined
      ? {}
      : {
          ConversationId: Buffer.from(conversation.id, "base64"),
          ConversationIndex: Buffer.from(conversation.index, "base64"),
        }),
  };
  return { Email };
}
