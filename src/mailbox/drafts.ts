/**
 * Drafts that devices write. An intent is committed before a version is appended, so that a repeat finds it instead
 * of appending another one (architecture.md, "Once, or said to be unknown").
 */
import { createHash } from "node:crypto";
import type { DraftVersion } from "../store/draft-sends.ts";
import { listIntentsOf } from "../store/intent-batches.ts";
import type { OpenEdits } from "./alias-book.ts";
import type { Aliases } from "./aliased.ts";
import type { DraftTarget } from "./draft-target.ts";
import {
  composePlan,
  planVersion,
  Versions,
  type DraftFolder,
  type Made,
  type Plan,
  type VersionSource,
} from "./draft-versions.ts";
import { wishKey, type DraftEdit, type DraftOutcome, type DraftWish } from "./draft-wish.ts";
import type { Folders } from "./folders.ts";
import { Intents, type Effect } from "./intents.ts";
import { DraftSentElsewhere } from "./mailbox.ts";
import { referenceOf } from "./references.ts";
import type { Sender } from "./send.ts";

/** What writing drafts needs of the account and the gateway. */
export interface DraftsSource extends VersionSource {
  readonly folders: Folders;
  readonly edits: OpenEdits;
  readonly sender: Sender;
}

type DraftKind = "add" | "change";

/** How a version is to be made; without one, why not. */
type MakePlan = (folder: DraftFolder) => Promise<Plan | "conflict" | "gone">;

/** Writes the drafts of one request. */
export class Drafts {
  readonly #source: DraftsSource;
  readonly #versions: Versions;

  constructor(source: DraftsSource) {
    this.#source = source;
    this.#versions = new Versions(source);
  }

  /**
   * A new draft; the same ClientId under the same key is the same draft, with the text that it then has. Under another
   * key it is where nothing was done with it since.
   */
  async add(wish: DraftWish, signal: AbortSignal): Promise<DraftOutcome> {
    return await this.#write("add", wish, signal, async (folder) => {
      const number = await this.#settleEarlier("add", wish, folder);
      if (number === undefined) return { wish, of: {} };
      return await this.#planVersion(await this.#anew(folder), wish, number);
    });
  }

  /** A change of a draft's content. */
  async change(edit: DraftEdit, signal: AbortSignal): Promise<DraftOutcome> {
    return await this.#write("change", edit, signal, (folder) => this.#planEdit(folder, edit));
  }

  /** Sends a new mail once per ClientId; it never is a draft. Throws SendRefused. */
  async sendNew(wish: DraftWish, signal: AbortSignal): Promise<DraftOutcome> {
    await this.#source.folders.at(wish.collectionId, async (session, row) => {
      const folder = { session, row, aliases: await this.#source.aliases.of(row) };
      await this.#send(folder, { wish, of: {} }, signal);
    });
    return { kind: "sent" };
  }

  /** Sends a draft as it is with the device's changes, once; then it is no draft any more. Throws SendRefused. */
  async sendDraft(edit: DraftEdit, signal: AbortSignal): Promise<DraftOutcome> {
    const outcome = await this.#source.folders.at(edit.collectionId, async (session, row) => {
      const folder = { session, row, aliases: await this.#source.aliases.now(row) };
      const refused = await this.#sendOnce(folder, edit, signal);
      if (refused !== undefined) return refused;
      const { aliases } = await this.#anew(folder);
      // A version that another device wrote meanwhile is not what was sent.
      const isReplaced = isOthers(aliases, edit) && !edit.clientWins;
      if (!isReplaced) await session.remove(row.path, [aliases.uidOf(edit.number)], row.epoch);
      return "sent";
    });
    if (outcome === "sent") return { kind: "sent" };
    // Whoever took the draft away may have sent it: what the device has is kept, not sent.
    await this.#write("change", edit, signal, async () => besideOthers(edit, outcome));
    return { kind: outcome };
  }

  /** Gives why a draft is not sent; what was sent before and not filed yet is filed. */
  async #sendOnce(
    folder: DraftFolder,
    edit: DraftEdit,
    signal: AbortSignal,
  ): Promise<"conflict" | "gone" | undefined> {
    for (;;) {
      const refused = await this.#sendAlone(folder, edit, signal);
      if (refused !== "busy") return refused;
    }
  }

  /** `busy`: another device of the account was at work on the draft, and is not any more. */
  async #sendAlone(
    folder: DraftFolder,
    edit: DraftEdit,
    signal: AbortSignal,
  ): Promise<"conflict" | "gone" | "busy" | undefined> {
    const stage = await this.#source.sender.stageOf(this.#sending(edit, folder.row.epoch));
    if (stage === "filed") return undefined;
    const plan = await this.#planEdit(folder, edit);
    if (typeof plan !== "string" && plan.item !== undefined) {
      return await this.#sendPlan(folder, plan, signal);
    }
    if (stage === "sent") return undefined;
    return typeof plan === "string" ? plan : (plan.refused ?? "gone");
  }

  async #sendPlan(
    folder: DraftFolder,
    plan: Plan,
    signal: AbortSignal,
  ): Promise<"conflict" | "gone" | "busy" | undefined> {
    const draft = versionOf(folder, plan);
    try {
      await this.#send(folder, plan, signal);
      return undefined;
    } catch (error) {
      if (!(error instanceof DraftSentElsewhere) || draft === undefined) throw error;
      if (error.how === "filed") {
        // Whoever sent it was about to take it away, and may not come to it.
        await folder.session.remove(folder.row.path, [draft.uid], folder.row.epoch);
        return "gone";
      }
      // The copy for Sent is made of the draft when the sender comes again: until then it stays.
      if (error.how === "unfiled") return "conflict";
      const { deviceId } = plan.wish;
      await this.#source.sender.waitForOthers({ deviceId, draft }, signal);
      return "busy";
    }
  }

  async #send(folder: DraftFolder, plan: Plan, signal: AbortSignal): Promise<void> {
    const { account, sender } = this.#source;
    const { wish } = plan;
    const token = wish.contents.toString("hex").slice(0, 32);
    const name = { from: account.email, token, version: undefined };
    const { octets } = await composePlan(folder, plan, name);
    const { key, ...sending } = this.#sending(wish, folder.row.epoch);
    const draft = versionOf(folder, plan);
    const { syncKey } = wish;
    const named = plan.of.number === undefined ? { ...key, syncKey } : key;
    await sender.send({ ...sending, key: named, draft, mime: octets, saveInSent: true }, signal);
  }

  /** Names a mail that is sent out of Drafts: it has no ClientId of its own. */
  #sending(wish: DraftWish, epoch: string) {
    const key = { clientKey: keyOf(wish, epoch), fingerprint: wish.contents };
    return { deviceId: wish.deviceId, clientId: undefined, key };
  }

  async #planEdit(folder: DraftFolder, edit: DraftEdit): Promise<Plan | "conflict" | "gone"> {
    const { number, clientWins, epoch } = edit;
    if (epoch !== "" && epoch !== folder.row.epoch) return besideOthers(edit, "gone");
    await this.#settleEarlier("change", edit, folder);
    const now = await this.#anew(folder);
    if (isOthers(now.aliases, edit) && !clientWins) return besideOthers(edit, "conflict");
    const made = await this.#planVersion(now, edit, number);
    const plan = { ...made, of: { ...made.of, clientWins } };
    if (plan.item !== undefined) return plan;
    return clientWins && edit.change.body !== undefined ? plan : besideOthers(edit, "gone");
  }

  async #planVersion(folder: DraftFolder, wish: DraftWish, number: number): Promise<Plan> {
    const uid = folder.aliases.uidOf(number);
    return await planVersion(folder, wish, { number, uid, keep: this.#source.keep });
  }

  async #anew(folder: DraftFolder): Promise<DraftFolder> {
    return { ...folder, aliases: await this.#source.aliases.now(folder.row) };
  }

  /**
   * What the device asked for before under the same name and key, with another text, it never saw the answer to:
   * a version of that which was appended becomes the item's own. Gives the item's number, when it is there.
   */
  async #settleEarlier(
    kind: DraftKind,
    wish: DraftWish,
    folder: DraftFolder,
  ): Promise<number | undefined> {
    const { database, account, clock } = this.#source;
    const owner = { accountId: account.id, deviceId: wish.deviceId, kind };
    const rows = await listIntentsOf<DraftTarget>(database, owner, [keyOf(wish, folder.row.epoch)]);
    let found: number | undefined;
    const asked = fingerprintOf(kind, wish);
    for (const { fingerprint, target, state, leaseUntil } of rows) {
      const isUnanswered =
        target.syncKey === wish.syncKey || (kind === "change" && state !== "done");
      const isBusy = leaseUntil.getTime() > clock.now();
      if (fingerprint.equals(asked) || !isUnanswered || isBusy) continue;
      const uid = target.uid ?? (await this.#versions.find(folder, target));
      if (uid === undefined || target.isBeside === true) continue;
      if (state !== "done") await this.#versions.settle(folder, { ...target, uid }, wish.deviceId);
      found = target.number ?? uid;
    }
    return found;
  }

  async #write(
    kind: DraftKind,
    wish: DraftWish,
    signal: AbortSignal,
    makePlan: MakePlan,
  ): Promise<DraftOutcome> {
    const { folders, aliases, account, edits } = this.#source;
    const owner = { accountId: account.id, deviceId: wish.deviceId, kind };
    return await folders.at(wish.collectionId, async (session, row) => {
      const folder = { session, row, aliases: await aliases.now(row) };
      const clientKey = keyOf(wish, row.epoch);
      const writing = new Writing(this.#versions, folder, makePlan, wish);
      const wishes = [{ clientKey, fingerprint: fingerprintOf(kind, wish) }];
      const intents = new Intents<DraftTarget>(this.#source, owner);
      const results = await edits.run(account.id, () => intents.run(wishes, writing, signal));
      await aliases.now(row);
      const target = results.get(clientKey);
      return target === undefined
        ? { kind: writing.refusal }
        : outcomeOf(wish.collectionId, target);
    });
  }
}

/** One version on its way. */
class Writing implements Effect<DraftTarget> {
  /** Why nothing was written. */
  refusal: "conflict" | "gone" = "gone";
  readonly #versions: Versions;
  readonly #folder: DraftFolder;
  readonly #makePlan: MakePlan;
  readonly #wish: DraftWish;
  #made: Made | undefined;

  constructor(versions: Versions, folder: DraftFolder, makePlan: MakePlan, wish: DraftWish) {
    this.#versions = versions;
    this.#folder = folder;
    this.#makePlan = makePlan;
    this.#wish = wish;
  }

  async begin(wishes: Parameters<Effect<DraftTarget>["begin"]>[0]) {
    const begun = new Map<string, DraftTarget>();
    for (const { clientKey, done } of wishes) {
      if (done !== undefined && (await isDone(this.#folder, this.#wish, done))) continue;
      const plan = await this.#makePlan(this.#folder);
      if (typeof plan === "string") this.refusal = plan;
      else {
        const { target, ...made } = await this.#versions.begin(this.#folder, plan);
        this.#made = made;
        begun.set(clientKey, target);
      }
    }
    return begun;
  }

  async carryOut(open: Parameters<Effect<DraftTarget>["carryOut"]>[0]) {
    const done = new Map<string, DraftTarget>();
    for (const { clientKey, target, isRepeat } of open) {
      const found = isRepeat ? await this.#versions.find(this.#folder, target) : undefined;
      const uid = found ?? (await this.#append(target));
      if (uid === undefined) continue;
      const { deviceId } = this.#wish;
      done.set(clientKey, await this.#versions.settle(this.#folder, { ...target, uid }, deviceId));
    }
    return done;
  }

  /** Undefined: what was to be done does not hold any more. */
  async #append(target: DraftTarget): Promise<number | undefined> {
    const made = this.#made ?? (await this.#makeAgain(target));
    return made && (await this.#versions.append(this.#folder, made, target));
  }

  async #makeAgain(target: DraftTarget): Promise<Made | undefined> {
    const plan = await this.#makePlan(this.#folder);
    if (typeof plan === "string") {
      this.refusal = plan;
      return undefined;
    }
    return { plan, composed: await this.#versions.compose(this.#folder, plan, target.messageId) };
  }
}

/** Whether another device made the version that is there, and this one was not told of it. */
function isOthers(aliases: Aliases, { number, knownUid, deviceId }: DraftEdit): boolean {
  const alias = aliases.of(number);
  return (alias?.uid ?? number) !== knownUid && alias?.editor !== deviceId;
}

/** Whether what was done is what the device asks for, so that nothing is to be done any more. */
async function isDone(folder: DraftFolder, wish: DraftWish, done: DraftTarget): Promise<boolean> {
  const { uid, syncKey } = done;
  if (syncKey === wish.syncKey || uid === undefined) {
    return !isRewritten(folder.aliases, wish, done);
  }
  // A ClientId is one for the length of a request (MS-ASCMD 2.2.3.28.2, R961): under another key the draft is the one
  // that a phone without its state writes again only while it is there as it was made.
  const { session, row, aliases } = folder;
  if (aliases.of(uid) !== undefined) return false;
  return (await session.identities(row.path, [uid])).has(uid);
}

/**
 * Whether the device wrote another text behind one that it repeats, and saw no answer to either: it wants the
 * repeated one now.
 */
function isRewritten(aliases: Aliases, wish: DraftWish, done: DraftTarget): boolean {
  const { uid, number = uid, syncKey, isBeside } = done;
  if (number === undefined || isBeside === true || syncKey !== wish.syncKey) return false;
  const alias = aliases.of(number);
  return alias !== undefined && alias.uid !== uid && alias.editor === wish.deviceId;
}

/** A new draft with the device's words and files, where there are any: another client's version stays as it is. */
function besideOthers(edit: DraftEdit, why: "conflict" | "gone"): Plan | "conflict" | "gone" {
  const { body, added } = edit.change;
  return body === undefined && added.length === 0
    ? why
    : { wish: edit, of: { isBeside: true }, refused: why };
}

/** The same text once more is another change under another key, and the same new draft under the same ClientId. */
function fingerprintOf(kind: DraftKind, { contents, syncKey }: DraftWish): Buffer {
  if (kind === "add") return contents;
  return createHash("sha256").update(syncKey).update("\n").update(contents).digest();
}

/** What all devices of the account call the version that a plan is made of; undefined: it is of none. */
function versionOf({ row }: DraftFolder, { wish, of }: Plan): DraftVersion | undefined {
  const { number, base } = of;
  if (number === undefined || base === undefined) return undefined;
  return { item: wishKey(wish.collectionId, row.epoch, String(number)), uid: base };
}

function keyOf(wish: DraftWish, epoch: string): string {
  return wishKey(wish.collectionId, epoch, wish.name);
}

function outcomeOf(collectionId: string, target: DraftTarget): DraftOutcome {
  const { isBeside, uid, number, added, epoch } = target;
  if (isBeside === true || uid === undefined) return { kind: "conflict" };
  return {
    kind: "kept",
    number: number ?? uid,
    uid,
    added: added.map(([clientId, section]) => ({
      clientId,
      reference: referenceOf({ collectionId, epoch, number: uid, section }),
    })),
  };
}
