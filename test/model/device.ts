/** A device of the model: a phone that loses answers, repeats requests and takes others back. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { RequestOf } from "../../schemas/commands.ts";
import { Phone, type Mail, type SyncWishes } from "../client/phone.ts";
import type { Chance } from "../sync/chance.ts";
import type { DraftBook } from "./draft-book.ts";
import {
  emailIn,
  isDone,
  isWriting,
  serverIdOf,
  shownMail,
  shownMails,
  type Command,
  type Responded,
  type SyncAnswer,
  type Told,
} from "./messages.ts";
import { recipient, subjectsIn, type World } from "./world.ts";

/** What may happen between a request whose answer was lost and its repeat. */
type Between = () => Promise<void>;

const draftsType = 3;
const categorySets: readonly (readonly string[])[] = [[], ["Red"], ["Blue", "Red"]];
const names = ["Plans", "Trips", "Über & unter", "Attic"];

/** Statuses of Sync: the key has gone with its epoch; the folder has gone. */
const [invalidKey, hierarchyChanged] = [3, 12];

/** One device, and what its user does. */
export class ModelDevice {
  readonly phone: Phone;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #book: DraftBook;
  /** Items that a lost answer added: when they went before the repeat, their Delete may follow. */
  readonly #untold = new Set<string>();
  /** The same: the repeat tells a draft in the version that it has by then, and the next answer that it changed. */
  readonly #toldTwice = new Set<string>();
  /** MS-ASCMD 2.2.3.34: 0 the device wins, 1 the server. */
  readonly #conflict: number;

  constructor(world: World, chance: Chance, book: DraftBook) {
    const { user, password, gateway } = world;
    this.phone = new Phone({ url: gateway.url, user, password, version: "16.1" });
    this.#world = world;
    this.#chance = chance;
    this.#book = book;
    this.#conflict = chance.one([0, 1]);
  }

  /** FolderSync; folders that went take their items along. */
  async folderSync(): Promise<void> {
    if (this.#chance.happens(0.2)) {
      await this.phone.client.send("FolderSync", { SyncKey: this.phone.hierarchyKey });
    }
    assert.equal(await this.phone.folderSync(), 1, "FolderSync");
  }

  /** A Sync of one folder, with or without uploads, answers lost on the way. */
  async sync(between: Between): Promise<void> {
    const folder = this.#chance.one(this.#mailFolders());
    if (this.phone.key(folder) === "0") return await this.#first(folder);
    const commands = this.#chance.happens(0.6) ? this.#commands(folder) : [];
    let asked = this.#wishes(commands);
    while (this.#chance.happens(0.3)) {
      const { body } = await this.#exchange(folder, asked);
      this.#lose(body?.Collections?.Collection[0]?.Commands ?? []);
      await between();
      asked = this.#again(folder, asked);
    }
    const answer = await this.#exchange(folder, asked);
    await this.#apply(folder, asked, answer);
  }

  /** MoveItems of some mails. */
  async move(between: Between): Promise<void> {
    const [from, to] = this.#chance.some(this.#withoutDrafts(), 2);
    if (from === undefined || to === undefined) return;
    const ids = this.#chance.some([...this.phone.mails(from).keys()], 3);
    if (ids.length === 0) return;
    const first = await this.phone.moveItems(from, ids, to);
    if (!this.#chance.happens(0.5)) return;
    const places = this.#world.places();
    await between();
    const again = await this.phone.moveItems(from, ids, to);
    for (const [at, { Status, DstMsgId }] of first.entries()) {
      // Numbers of a folder that was numbered anew, or went, name nothing any more.
      if (Status !== 3 || this.#world.places() !== places) continue;
      assert.deepEqual(
        [again[at]?.Status, again[at]?.DstMsgId],
        [3, DstMsgId],
        "the same id again",
      );
    }
  }

  /** EmptyFolderContents, with or without the folders below. */
  async empty(): Promise<void> {
    const CollectionId = this.#chance.one(this.#withoutDrafts().slice(1));
    if (CollectionId === undefined) return;
    const isDeep = this.#chance.happens(0.4);
    const Options = isDeep ? { Options: { DeleteSubFolders: true as const } } : {};
    const asked = [{ EmptyFolderContents: { CollectionId, ...Options } }];
    const before = this.#world.folders().map((each) => [each, subjectsIn(each)] as const);
    await this.#world.losingFolders(async () => {
      const { body } = await this.phone.client.send("ItemOperations", asked);
      const status = body?.Response?.EmptyFolderContents[0]?.Status;
      // 2: it has a special folder below; 6: it has gone.
      assert.ok([1, 6].includes(status ?? 0), `EmptyFolderContents: ${status}`);
      if (status !== 1) return;
      const emptied = before.filter(([{ mails }, had]) => had.length > 0 && mails.size === 0);
      assert.ok(emptied.length <= 1 || isDeep, "only one folder is emptied");
      for (const [, subjects] of emptied) for (const each of subjects) this.#world.gone(each);
    });
  }

  /** FolderCreate, FolderUpdate or FolderDelete. */
  async changeFolder(between: Between): Promise<void> {
    let change = this.#folderChange();
    while (this.#chance.happens(0.3)) {
      await this.#sendChange(change);
      await between();
      if (this.#chance.happens(0.4)) change = this.#folderChange();
    }
    const { Status, SyncKey, ServerId } = await this.#sendChange(change);
    assert.notEqual(Status, 9, "the hierarchy's key holds");
    assert.notEqual(Status, 6, "no fault of the server");
    if (Status !== 1) return;
    this.phone.hierarchyKey = SyncKey ?? "";
    const serverId = ServerId ?? change.serverId;
    if (change.kind === "FolderDelete") return void this.phone.folders.delete(serverId);
    const { name, parentId } = change;
    this.phone.folders.set(serverId, { serverId, name, parentId, type: 12 });
  }

  /** Brings everything up to date. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.folderSync();
      for (const folder of this.#mailFolders()) await this.#settleFolder(folder);
    }
  }

  /** Throws unless a further look brings nothing. */
  async assertQuiet(): Promise<void> {
    const { hierarchyKey } = this.phone;
    await this.folderSync();
    assert.equal(this.phone.hierarchyKey, hierarchyKey, "no folder changes any more");
    for (const folder of this.#mailFolders()) {
      const { status, adds, changes, deletes } = await this.phone.sync(folder);
      assert.deepEqual(
        [status, adds, changes, deletes],
        [1, [], [], []],
        "nothing changes any more",
      );
    }
  }

  /** What it has, by the paths of the server. */
  shown(): Record<string, unknown> {
    return Object.fromEntries(
      this.#mailFolders().map((folder) => [this.#pathOf(folder), shownMails(this.phone, folder)]),
    );
  }

  async #settleFolder(folder: string): Promise<void> {
    if (this.phone.key(folder) === "0") await this.#first(folder);
    const WindowSize = this.#chance.one([2, 100]);
    for (;;) {
      const answer = await this.phone.client.send("Sync", this.#request(folder, { WindowSize }));
      const brought = this.phone.apply(folder, this.#withoutUntold(folder, answer));
      if (brought.status === hierarchyChanged) return await this.folderSync();
      if (brought.status === invalidKey) this.phone.forgetAnswer(folder, "0");
      else assert.equal(brought.status, 1, "Sync");
      if (brought.status === 1 && !brought.more) return;
    }
  }

  async #first(folder: string): Promise<void> {
    const answer = await this.phone.client.send("Sync", this.#request(folder, {}));
    const { status } = this.phone.apply(folder, answer);
    if (status === hierarchyChanged) await this.folderSync();
    else assert.equal(status, 1, "the first Sync");
  }

  #mailFolders(): string[] {
    const ofMail = [2, 3, 4, 5, 12];
    const all = [...this.phone.folders.values()].filter(({ type }) => ofMail.includes(type));
    return all.map(({ serverId }) => serverId).filter((id) => this.#pathOf(id) !== "");
  }

  #withoutDrafts(): string[] {
    const drafts = this.phone.folderOfType(draftsType);
    return this.#mailFolders().filter((id) => id !== drafts);
  }

  #pathOf(serverId: string): string {
    const folder = this.phone.folders.get(serverId);
    const own = { 2: "INBOX", 3: "Drafts", 4: "Trash", 5: "Sent" }[folder?.type ?? 0];
    if (folder === undefined || own !== undefined) return own ?? "";
    const { parentId, name } = folder;
    return parentId === "0" ? name : `${this.#pathOf(parentId)}/${name}`;
  }

  #request(folder: string, wishes: SyncWishes): RequestOf<"Sync"> {
    return { Collections: { Collection: [this.phone.asked(folder, wishes)] } };
  }

  #wishes(commands: readonly Command[]): SyncWishes {
    const WindowSize = this.#chance.one([1, 3, 100]);
    const DeletesAsMoves = this.#chance.happens(0.5);
    const asked = {
      WindowSize,
      DeletesAsMoves,
      Options: [{ Conflict: this.#conflict, BodyPreference: [] }],
    };
    // An empty Commands would be malformed.
    return commands.length > 0 ? { ...asked, Commands: [...commands] } : asked;
  }

  /** The same request; or another one under the same key, which still writes and sends the same drafts. */
  #again(folder: string, asked: SyncWishes): SyncWishes {
    if (this.#chance.happens(0.5)) return asked;
    const writes = (asked.Commands ?? []).filter(isWriting);
    const written = new Set(writes.map(serverIdOf));
    const others = this.#commands(folder).filter(
      (each) => !isWriting(each) && !written.has(serverIdOf(each)),
    );
    return this.#wishes([...writes, ...others]);
  }

  #commands(folder: string): Command[] {
    const mails = this.#chance.some([...this.phone.mails(folder)], 4);
    const isDrafts = folder === this.phone.folderOfType(draftsType);
    const commands = mails.map(([serverId, mail]) => this.#command(serverId, mail, isDrafts));
    if (!isDrafts || this.#chance.happens(0.3)) return commands;
    const ClientId = randomUUID();
    const Send = this.#chance.happens(0.3) ? { Send: true as const } : {};
    return [...commands, { Add: { ClientId, ...Send, ApplicationData: this.#text(Send) } }];
  }

  #command(ServerId: string, mail: Mail, isDraft: boolean): Command {
    const roll = this.#chance.fraction();
    if (roll < 0.15) return { Delete: { ServerId } };
    if (isDraft && roll < 0.6) {
      const Send = roll < 0.25 ? { Send: true as const } : {};
      return { Change: { ServerId, ...Send, ApplicationData: this.#text(Send) } };
    }
    return { Change: { ServerId, ApplicationData: { Email: this.#flags(mail) } } };
  }

  #text({ Send = false }: { readonly Send?: boolean }): { Email: Mail } {
    const Subject = this.#world.subject(Send ? "sent" : "draft");
    return { Email: { To: recipient, Subject, Body: { Type: 1, Data: `Words of ${Subject}.` } } };
  }

  #flags(mail: Mail): Mail {
    const roll = this.#chance.fraction();
    if (roll < 0.4) return { Read: mail.Read !== true };
    if (roll < 0.6) return { Categories: { Category: [...this.#chance.one(categorySets)] } };
    if (mail.Flag?.Status === 2) return { Flag: {} };
    return { Flag: { Status: 2, FlagType: "for Follow Up" } };
  }

  /** Whatever becomes of the answer: what the request did is written down. */
  async #exchange(folder: string, asked: SyncWishes): Promise<SyncAnswer> {
    const { phone } = this;
    const key = phone.key(folder);
    const place = { path: this.#pathOf(folder), key, mails: phone.mails(folder) };
    const writeDown = this.#book.ready(place, asked);
    const answer = await phone.client.send("Sync", this.#request(folder, asked));
    assert.equal(answer.httpStatus, 200, "Sync");
    writeDown(answer);
    return answer;
  }

  async #apply(folder: string, asked: SyncWishes, answer: SyncAnswer): Promise<void> {
    const own = answer.body?.Collections?.Collection[0];
    const status = own?.Status ?? answer.body?.Status ?? 1;
    if (status === invalidKey) return this.phone.forgetAnswer(folder, "0");
    if (status === hierarchyChanged) return await this.folderSync();
    assert.equal(status, 1, "Sync");
    this.#take(folder, asked.Commands ?? [], answer);
  }

  #take(folder: string, commands: readonly Command[], answer: SyncAnswer): void {
    const own = answer.body?.Collections?.Collection[0];
    const responses = own?.Responses ?? [];
    const done = commands.filter((each) => isDone(each, responses));
    const refused = commands.filter((each) => !done.includes(each));
    for (const command of done) this.#edit(folder, command, responses);
    this.#assertNoEcho(folder, own?.Commands ?? [], new Set(refused.map(serverIdOf)));
    this.phone.apply(folder, this.#withoutUntold(folder, answer));
    const deleted = done.filter((each) => "Delete" in each).map(serverIdOf);
    for (const id of deleted) this.phone.edit(folder, id, undefined);
  }

  #lose(commands: readonly Told[]): void {
    for (const command of commands) {
      if (!("Add" in command)) continue;
      this.#untold.add(command.Add.ServerId);
      this.#toldTwice.add(command.Add.ServerId);
    }
  }

  #withoutUntold(folder: string, answer: SyncAnswer): SyncAnswer {
    const { Collections } = answer.body ?? {};
    const [own] = Collections?.Collection ?? [];
    if (answer.body === undefined || own?.Commands === undefined) return answer;
    const isTold = (command: Told): boolean =>
      !("Delete" in command) ||
      this.phone.mails(folder).has(command.Delete.ServerId) ||
      !this.#untold.delete(command.Delete.ServerId);
    const Collection = [{ ...own, Commands: own.Commands.filter(isTold) }];
    return { ...answer, body: { ...answer.body, Collections: { Collection } } };
  }

  /** What the user did stays on the phone when the server took it. */
  #edit(folder: string, command: Command, responses: readonly Responded[]): void {
    if ("Change" in command) {
      const { ServerId, Send, ApplicationData } = command.Change;
      if (Send === true || !this.phone.mails(folder).has(ServerId)) return;
      this.phone.edit(folder, ServerId, emailIn(ApplicationData));
    } else if ("Add" in command && command.Add.Send !== true) {
      const { ClientId, ApplicationData } = command.Add;
      const added = responses.flatMap((each) => ("Add" in each ? [each.Add] : []));
      const id = added.find((each) => each.ClientId === ClientId)?.ServerId;
      // Who wrote it has read it.
      if (id !== undefined)
        this.phone.edit(folder, id, { ...emailIn(ApplicationData), Read: true });
    }
  }

  #assertNoEcho(folder: string, commands: readonly Told[], refused: ReadonlySet<string>): void {
    for (const command of commands) {
      if (!("Change" in command)) continue;
      const { ServerId, ApplicationData } = command.Change;
      const before = this.phone.mails(folder).get(ServerId);
      if (before === undefined || refused.has(ServerId)) continue;
      if (this.#toldTwice.delete(ServerId)) continue;
      const after = { ...before, ...emailIn(ApplicationData) };
      // The texts of two flags may differ in what is not compared here.
      if (before.Flag?.Status === 2 && after.Flag?.Status === 2) continue;
      assert.notDeepEqual(shownMail(after), shownMail(before), `echo of ${ServerId}`);
    }
  }

  #folderChange(): FolderWish {
    const chance = this.#chance;
    const own = [...this.phone.folders.values()].filter(({ type }) => type === 12);
    const ids = own.map(({ serverId }) => serverId);
    const serverId = ids.length > 0 ? chance.one(ids) : "";
    const parents = ids.filter((id) => !this.#isWithin(id, serverId));
    const [name, parentId] = [chance.one(names), chance.one(["0", ...parents])];
    const kinds = ["FolderCreate", "FolderUpdate", "FolderUpdate", "FolderDelete"] as const;
    return { kind: serverId === "" ? "FolderCreate" : chance.one(kinds), serverId, name, parentId };
  }

  #isWithin(id: string, of: string): boolean {
    const parentId = this.phone.folders.get(id)?.parentId;
    return id === of || (parentId !== undefined && this.#isWithin(parentId, of));
  }

  async #sendChange({ kind, serverId, name, parentId }: FolderWish): Promise<FolderAnswer> {
    const SyncKey = this.phone.hierarchyKey;
    const place = { ParentId: parentId, DisplayName: name };
    const { client } = this.phone;
    return await this.#world.losingFolders(async () => {
      if (kind === "FolderCreate") {
        return (await client.send(kind, { SyncKey, ...place, Type: 12 })).body ?? { Status: 0 };
      }
      if (kind === "FolderDelete") {
        return (await client.send(kind, { SyncKey, ServerId: serverId })).body ?? { Status: 0 };
      }
      return (
        (await client.send(kind, { SyncKey, ServerId: serverId, ...place })).body ?? { Status: 0 }
      );
    });
  }
}

interface FolderAnswer {
  readonly Status: number;
  readonly SyncKey?: string | undefined;
  readonly ServerId?: string | undefined;
}

interface FolderWish {
  readonly kind: "FolderCreate" | "FolderUpdate" | "FolderDelete";
  readonly serverId: string;
  readonly name: string;
  readonly parentId: string;
}
