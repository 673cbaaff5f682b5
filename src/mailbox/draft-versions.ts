/**
 * Versions of drafts on the server. Each is a mail of its own: it is appended, then an alias lets the item keep its
 * number, then the version before is expunged. What ends in between leaves both versions, never none.
 */
import { randomUUID } from "node:crypto";
import { BackendError, type MailSession } from "../backend.ts";
import { composeDraft, type ComposedDraft, type DraftBase } from "../items/email/draft.ts";
import { withCrlf } from "../items/email/line-ends.ts";
import type { MailItem } from "../items/email/message.ts";
import { outlineOf } from "../items/email/outline.ts";
import { octetsOf, type Octets } from "../kit/octets.ts";
import { moveAlias } from "../store/aliases.ts";
import type { FoundCollection } from "../store/collections.ts";
import type { AliasBook } from "./alias-book.ts";
import type { Aliases } from "./aliased.ts";
import { keepConversation } from "./conversations.ts";
import { partsAfter, sectionsAt, type DraftTarget } from "./draft-target.ts";
import type { DraftWish } from "./draft-wish.ts";
import type { IntentSource } from "./intents.ts";

/** Keeps what is read for the length of the request. */
export type Keep = (source: AsyncIterable<Buffer>) => Promise<Buffer | Octets>;

/** What versions are made with. */
export interface VersionSource extends IntentSource {
  readonly account: { readonly id: string; readonly email: string };
  readonly aliases: AliasBook;
  readonly keep: Keep;
}

/** The folder of drafts on the server. */
export interface DraftFolder {
  readonly session: MailSession;
  readonly row: FoundCollection;
  readonly aliases: Aliases;
}

/** What a version is made of, and what it is of. */
export interface Plan {
  readonly wish: DraftWish;
  readonly base?: DraftBase | undefined;
  readonly item?: MailItem | undefined;
  readonly of: Pick<DraftTarget, "number" | "base" | "isBeside" | "clientWins">;
  /** Why it becomes a draft of its own. */
  readonly refused?: "conflict" | "gone";
}

/** A plan with the mail that it means. */
export interface Made {
  readonly plan: Plan;
  readonly composed: ComposedDraft;
}

/** A wish as a version of an item; a new one where the item is gone. */
export async function planVersion(
  { session, row }: DraftFolder,
  wish: DraftWish,
  { number, uid, keep }: { readonly number: number; readonly uid: number; readonly keep: Keep },
): Promise<Plan> {
  const of = { number, base: uid };
  const [item] = await session.list(row.path, [uid]);
  const wanted = { number: uid, section: "", epoch: row.epoch };
  const stream = item && (await session.openPart(row.path, wanted));
  if (stream === undefined) return { wish, of };
  const octets = octetsOf(await keep(stream as AsyncIterable<Buffer>));
  return { wish, of, item, base: { octets, outline: await outlineOf(octets) } };
}

/** The mail of a plan. `version` undefined: it is to be sent. */
export async function composePlan(
  { aliases }: DraftFolder,
  plan: Plan,
  name: Parameters<typeof composeDraft>[1],
): Promise<ComposedDraft> {
  const { wish, base, of } = plan;
  const { change } = wish;
  const removed =
    of.base === undefined ? new Set<string>() : sectionsAt(aliases, of.base, change.deleted);
  const { body } = change;
  const mime = body?.form === "mime" ? await baseOf(octetsOf(body.mime)) : undefined;
  return await composeDraft({ base, change, mime, removed }, name);
}

async function baseOf(mime: Octets): Promise<DraftBase> {
  const octets = await withCrlf(mime);
  return { octets, outline: await outlineOf(octets) };
}

/** Appends versions and lets items go on under their numbers. */
export class Versions {
  readonly #source: VersionSource;

  constructor(source: VersionSource) {
    this.#source = source;
  }

  /** What is to be written down before the version of a plan is appended, and its mail. */
  async begin(folder: DraftFolder, plan: Plan): Promise<Made & { readonly target: DraftTarget }> {
    const { account } = this.#source;
    const { row, aliases } = folder;
    const domain = account.email.slice(account.email.lastIndexOf("@") + 1);
    const messageId = `${randomUUID()}@${domain}`;
    const composed = await this.compose(folder, plan, messageId);
    const { base } = plan.of;
    const target: DraftTarget = {
      ...plan.of,
      messageId,
      epoch: row.epoch,
      next: Math.max(row.nextUid, 1),
      syncKey: plan.wish.syncKey,
      added: [...composed.added],
      parts: base === undefined ? {} : partsAfter(aliases, base, composed.kept),
    };
    return { plan, composed, target };
  }

  /** The mail of a version. */
  async compose(folder: DraftFolder, plan: Plan, messageId: string): Promise<ComposedDraft> {
    const { clock, account } = this.#source;
    const token = messageId.replace(/[^0-9A-Za-z]/g, "").slice(0, 32);
    const version = { messageId, date: new Date(clock.now()) };
    return await composePlan(folder, plan, { from: account.email, token, version });
  }

  /** The UID of a version that an earlier attempt appended. */
  async find({ session, row }: DraftFolder, target: DraftTarget): Promise<number | undefined> {
    return await session.findByMessageId(row.path, target.messageId, target.next);
  }

  /** Appends a version; gives its UID. */
  async append(
    folder: DraftFolder,
    { plan, composed }: Made,
    target: DraftTarget,
  ): Promise<number> {
    const { session, row } = folder;
    const { database, account } = this.#source;
    const { item, wish } = plan;
    const { messageId } = target;
    if (item !== undefined) await keepConversation(database, account.id, { item, messageId });
    const flags = { seen: true, ...item?.flags, ...wish.flags, draft: true };
    const appended = await session.append(row.path, composed.octets, flags);
    const uid = appended ?? (await this.find(folder, target));
    if (uid === undefined) throw new BackendError("failed", "an appended draft is not to be found");
    return uid;
  }

  /** The item goes on under its number with the appended version; the version before is taken away. */
  async settle(
    { session, row }: DraftFolder,
    target: DraftTarget & { readonly uid: number },
    editor: string,
  ): Promise<DraftTarget> {
    const { number, base, uid, parts } = target;
    if (number === undefined || base === undefined) return target;
    const { database, account, aliases, checkpoint } = this.#source;
    const scope = { accountId: account.id, serial: row.serial, epoch: row.epoch };
    const alias = { number, uid, editor, parts };
    let replaced = base;
    while (!(await moveAlias(database, scope, { ...alias, from: replaced }))) {
      const current = (await aliases.now(row)).uidOf(number);
      if (current === uid) break;
      // Another client's version came first: this one replaces it, or stays beside it.
      if (target.clientWins !== true) return { ...target, isBeside: true };
      replaced = current;
    }
    await checkpoint("change aliased");
    await session.remove(row.path, [...new Set([base, replaced])], row.epoch);
    return target;
  }
}
