/**
 * Folders of a user whose gateway is killed while they are made, renamed, deleted and emptied, and while
 * conversations move into them; at the end folders and mails are counted on the mail server and on the phone.
 */
import assert from "node:assert/strict";
import type { Phone } from "../client/phone.ts";
import type { MailServers } from "../rig/mail/servers.ts";
import { moveStops } from "./move-trial.ts";
import type { GatewayProcesses } from "./processes.ts";
import type { Stop } from "./stops.ts";
import { Trial, type Counts, type TrialOptions } from "./trial.ts";

/** What is done with folders, and where it can be stopped. */
export const folderStops = {
  create: ["before folder created", "after folder created", "before answer"],
  rename: ["before folder renamed", "after folder renamed", "before answer"],
  remove: ["before folder deleted", "after folder deleted", "before answer"],
  empty: ["before empty", "after empty", "before answer"],
  converse: moveStops,
} as const satisfies Readonly<Record<string, readonly Stop[]>>;

/** One of those. */
export type FolderDeed = keyof typeof folderStops;

/** Mails of a conversation, and of a folder that is emptied. */
const atOnce = 2;

/** A user who keeps order while his gateway is killed. */
export class FolderTrial implements AsyncDisposable {
  readonly #mail: MailServers;
  readonly #trial: Trial;
  readonly #source: string;
  readonly #target: string;
  /** Names by ServerId, and the subjects of the mails in two of them. */
  readonly #folders = new Map<string, string>();
  readonly #subjects = new Map<string, string[]>();
  #count = 0;

  private constructor(
    mail: MailServers,
    trial: Trial,
    [source, target]: readonly [string, string],
  ) {
    this.#mail = mail;
    this.#trial = trial;
    this.#source = source;
    this.#target = target;
    for (const [id, name] of [
      [source, "Desk"],
      [target, "Shelf"],
    ] as const) {
      this.#folders.set(id, name);
      this.#subjects.set(id, []);
    }
  }

  /** A fresh user with two folders of his own. */
  static async open(
    mail: MailServers,
    processes: GatewayProcesses,
    options: TrialOptions,
  ): Promise<FolderTrial> {
    const trial = await Trial.open(mail, processes, { ...options, mails: 1 });
    const source = await trial.phone.createFolder("Desk");
    return new FolderTrial(mail, trial, [source, await trial.phone.createFolder("Shelf")]);
  }

  /** Does it, is killed on the way, and repeats it. */
  async doAndKill(deed: FolderDeed, stop: Stop | number): Promise<void> {
    await this[deed](stop);
  }

  async create(stop: Stop | number): Promise<void> {
    const name = `Made ${++this.#count}`;
    const id = await this.#trial.doAndKill(stop, (phone) => phone.createFolder(name));
    assert.ok(!this.#folders.has(id), "a new folder has an id of its own");
    this.#folders.set(id, name);
  }

  async rename(stop: Stop | number): Promise<void> {
    const id = await this.#made();
    const name = `Renamed ${++this.#count}`;
    await this.#trial.doAndKill(stop, (phone) => phone.updateFolder(id, name));
    this.#folders.set(id, name);
  }

  async remove(stop: Stop | number): Promise<void> {
    const id = await this.#made();
    await this.#trial.doAndKill(stop, (phone) => phone.deleteFolder(id));
    this.#folders.delete(id);
  }

  async empty(stop: Stop | number): Promise<void> {
    await this.#fill();
    const status = await this.#trial.doAndKill(stop, (phone) => phone.emptyFolder(this.#source));
    assert.equal(status, 1, `EmptyFolderContents after a kill (${stop})`);
    this.#subjects.set(this.#source, []);
    await this.#syncBoth();
  }

  async converse(stop: Stop | number): Promise<void> {
    await this.#fill();
    const { phone } = this.#trial;
    const ids = [...phone.mails(this.#source).values()].map((each) => each.ConversationId);
    const ConversationId = ids[0];
    assert.ok(ConversationId && ids.every((each) => each?.equals(ConversationId)));
    const moved = await this.#trial.doAndKill(stop, async (on: Phone) => {
      const Options = { MoveAlways: true as const };
      const request = [{ Move: { ConversationId, DstFldId: this.#target, Options } }];
      return (await on.client.send("ItemOperations", request)).body?.Response?.Move;
    });
    assert.deepEqual(moved, [{ Status: 1, ConversationId }], `Move after a kill (${stop})`);
    const subjects = this.#subjects.get(this.#source) ?? [];
    this.#subjects.get(this.#target)?.push(...subjects);
    this.#subjects.set(this.#source, []);
    await this.#syncBoth();
  }

  /** Counts on both sides; throws when something was lost or doubled, or the sides differ. */
  async check(): Promise<Counts & { readonly folders: number }> {
    const { phone, user } = this.#trial;
    const counts = await this.#trial.check();
    assert.equal(await phone.folderSync(), 1);
    await this.#syncBoth();
    this.#assertShown(phone);
    // A phone that begins anew is told the same folders under the same ids.
    phone.hierarchyKey = "0";
    assert.equal(await phone.folderSync(), 1);
    this.#assertShown(phone);
    await using client = await this.#mail.imapClient(user);
    const listed = (await client.list()).map(({ path }) => path);
    const ours = listed.filter(isOurs);
    assert.deepEqual(ours.toSorted(), [...this.#folders.values()].toSorted());
    for (const [id, subjects] of this.#subjects) {
      const served = await this.#trial.subjectsOf(this.#folders.get(id) ?? "");
      assert.deepEqual(served.toSorted(), subjects.toSorted());
      const shown = [...phone.mails(id).values()].map(({ Subject = "" }) => Subject);
      assert.deepEqual(shown.toSorted(), subjects.toSorted());
    }
    const mails = counts.mails + (this.#subjects.get(this.#target)?.length ?? 0);
    return { ...counts, mails, folders: this.#folders.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trial[Symbol.asyncDispose]();
  }

  #assertShown(phone: Phone): void {
    const own = [...phone.folders.values()].filter(({ name }) => isOurs(name));
    const shown = own.map(({ serverId, name }) => [serverId, name]);
    assert.deepEqual(Object.fromEntries(shown), Object.fromEntries(this.#folders));
  }

  /** The folder that was made last; there is one for each that is renamed or deleted. */
  async #made(): Promise<string> {
    const [id] = [...this.#folders.keys()].slice(2).toReversed();
    if (id !== undefined) return id;
    const name = `Made ${++this.#count}`;
    const made = await this.#trial.phone.createFolder(name);
    this.#folders.set(made, name);
    return made;
  }

  /** Puts a conversation into the folder that is left. */
  async #fill(): Promise<void> {
    const root = `${++this.#count}.${this.#trial.user}`;
    const letters = Array.from({ length: atOnce }, (_, at) => {
      const subject = `letter ${root}, ${at}`;
      this.#subjects.get(this.#source)?.push(subject);
      const id = `Message-ID: <${at}.${root}>\r\nReferences: <${root}>`;
      return { mime: Buffer.from(`${id}\r\nSubject: ${subject}\r\n\r\nWords.\r\n`) };
    });
    await this.#mail.seed(this.#trial.user, "Desk", letters);
    await this.#syncBoth();
  }

  async #syncBoth(): Promise<void> {
    for (const id of this.#subjects.keys()) await this.#trial.phone.syncAll(id);
  }
}

/** Whether it is a folder of the trial, not one that each user has. */
function isOurs(name: string): boolean {
  return /^(Made|Renamed|Desk|Shelf)/.test(name);
}
