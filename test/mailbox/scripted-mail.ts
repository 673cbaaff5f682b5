/**
 * A mailbox and a submission server that fail when a test says so: what the real servers of the rig
 * cannot be made to do at a given moment. Holds folders and mails in memory.
 */
import {
  BackendError,
  type Credential,
  type ItemOutcome,
  type MailBackend,
  type MailFolderType,
  type MailSession,
  type MailTransport,
  type Outgoing,
  type RemoteFolder,
  type WatchEvent,
} from "../../src/backend.ts";
import type { Feed } from "../../src/feed.ts";
import { wholeOf, type Octets } from "../../src/kit/octets.ts";

/** What may be made to fail, once per error; "created", "renamed": it was done, and the answer is lost. */
export type Operation =
  | "folders"
  | "create"
  | "created"
  | "rename"
  | "renamed"
  | "delete"
  | "append"
  | "move"
  | "position"
  | "send";

interface SentMail extends Omit<Outgoing, "mime"> {
  readonly mime: Buffer;
}

interface StoredFolder {
  type: MailFolderType;
  readonly key: string;
  readonly epoch: string;
  next: number;
  selectable: boolean;
  readonly mails: Map<number, Buffer>;
}

/** The server: tests act on it as another client would. */
export class ScriptedMail {
  readonly folders = new Map<string, StoredFolder>();
  readonly sent: SentMail[] = [];
  /** Sessions opened and not yet given back. */
  leases = 0;
  opened = 0;
  listings = 0;
  /** Awaited in the middle of each send, with the signal that ends it. */
  whileSending: (signal: AbortSignal) => Promise<void> = async () => {};
  readonly #faults: { readonly operation: Operation; readonly error: Error }[] = [];
  readonly #watchers = new Set<(event: WatchEvent) => void>();
  #serial = 0;

  constructor() {
    this.create("INBOX", "inbox");
  }

  create(path: string, type: MailFolderType = "user"): StoredFolder {
    const serial = ++this.#serial;
    const place = { key: `key${serial}`, epoch: String(1000 + serial), next: 1, selectable: true };
    const folder = { type, ...place, mails: new Map<number, Buffer>() };
    this.folders.set(path, folder);
    return folder;
  }

  rename(from: string, to: string): void {
    const before = Array.from(this.folders);
    for (const [path, folder] of before) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.folders.delete(path);
      this.folders.set(to + path.slice(from.length), folder);
    }
  }

  get(path: string): StoredFolder {
    const folder = this.folders.get(path);
    if (folder === undefined) throw new BackendError("no such folder", `no ${path}`);
    return folder;
  }

  put(path: string, mime: string | Buffer): number {
    const folder = this.get(path);
    folder.mails.set(folder.next, Buffer.from(mime));
    return folder.next++;
  }

  mailsIn(path: string): readonly string[] {
    return [...(this.folders.get(path)?.mails.values() ?? [])].map(String);
  }

  failOnce(operation: Operation, error: Error): void {
    this.#faults.push({ operation, error });
  }

  hint(event: WatchEvent): void {
    for (const listener of this.#watchers) listener(event);
  }

  check(operation: Operation): void {
    const at = this.#faults.findIndex((fault) => fault.operation === operation);
    const [fault] = at === -1 ? [] : this.#faults.splice(at, 1);
    if (fault !== undefined) throw fault.error;
  }

  watch(listener: (event: WatchEvent) => void): Disposable {
    this.#watchers.add(listener);
    return { [Symbol.dispose]: () => void this.#watchers.delete(listener) };
  }

  get backend(): MailBackend {
    return {
      open: async () => {
        this.opened++;
        this.leases++;
        return new ScriptedSession(this);
      },
      check: async () => {},
      probe: async () => ({ capabilities: [] }),
      closeAccount: async () => {},
      sessions: () => this.leases,
      [Symbol.asyncDispose]: async () => {},
    };
  }

  get transport(): MailTransport {
    return {
      send: async (_: Credential, mail: Outgoing, signal: AbortSignal) => {
        this.check("send");
        await this.whileSending(signal);
        this.sent.push({ ...mail, mime: await wholeOf(mail.mime) });
      },
      probe: async () => ({ capabilities: [] }),
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

class ScriptedSession implements MailSession {
  readonly #server: ScriptedMail;
  #trips = 0;

  constructor(server: ScriptedMail) {
    this.#server = server;
  }

  roundTrips(): number {
    return this.#trips;
  }

  async folders(): Promise<readonly RemoteFolder[]> {
    this.#act("folders");
    this.#server.listings++;
    return [...this.#server.folders.keys()].map((path) => this.#describe(path));
  }

  async createFolder(path: string, type: MailFolderType): Promise<RemoteFolder> {
    this.#act("create");
    if (!this.#server.folders.has(path)) this.#server.create(path, type);
    this.#server.check("created");
    return this.#describe(path);
  }

  async childPath(parentPath: string, name: string): Promise<string> {
    const own = name.replaceAll("/", "-");
    return parentPath === "" ? own : `${parentPath}/${own}`;
  }

  async renameFolder(path: string, toPath: string): Promise<void> {
    this.#act("rename");
    this.#server.get(path);
    if (this.#server.folders.has(toPath)) throw new BackendError("exists", `there is ${toPath}`);
    this.#server.rename(path, toPath);
    this.#server.check("renamed");
  }

  async deleteFolder(path: string): Promise<void> {
    this.#act("delete");
    this.#server.get(path);
    this.#server.folders.delete(path);
  }

  feed(path: string): Feed {
    return {
      position: async () => {
        this.#act("position");
        const { epoch, next, mails } = this.#server.get(path);
        return { epoch, mark: BigInt(next), next, count: mails.size };
      },
      changed: async (range) => {
        const { mails } = this.#server.get(path);
        const numbers = [...mails.keys()].filter((uid) => range.low <= uid && uid <= range.high);
        return { items: numbers.map((number) => ({ number, version: 0, day: 0 })), gone: [] };
      },
      newest: async (range) => {
        const { mails } = this.#server.get(path);
        const numbers = [...mails.keys()].filter((uid) => range.low <= uid && uid <= range.high);
        const items = numbers.map((number) => ({ number, version: 0, day: 0 }));
        return { items: items.toReversed(), reached: range.low };
      },
      within: async (range) => [range],
      withinKnown: async (known) => known,
    };
  }

  readAhead(): void {}

  async list(): Promise<readonly []> {
    return [];
  }

  async fetchParts(): Promise<readonly []> {
    return [];
  }

  async openPart(): Promise<undefined> {
    return undefined;
  }

  async setFlags(): Promise<readonly ItemOutcome[]> {
    return [];
  }

  async remove(path: string, numbers: readonly number[]): Promise<readonly ItemOutcome[]> {
    const { mails } = this.#server.get(path);
    return numbers.map((number) => ({ number, kind: mails.delete(number) ? "done" : "gone" }));
  }

  async removeAll(path: string): Promise<number> {
    this.#server.get(path).mails.clear();
    return 0;
  }

  async move(
    path: string,
    numbers: readonly number[],
    toPath: string,
  ): Promise<readonly ItemOutcome[]> {
    this.#act("move");
    const { mails } = this.#server.get(path);
    this.#server.get(toPath);
    return numbers.map((number) => {
      const mail = mails.get(number);
      if (mail === undefined) return { number, kind: "gone" };
      mails.delete(number);
      return { number, kind: "done", newNumber: this.#server.put(toPath, mail) };
    });
  }

  async movesAtOnce(): Promise<boolean> {
    return true;
  }

  async copy(
    path: string,
    numbers: readonly number[],
    toPath: string,
  ): Promise<readonly ItemOutcome[]> {
    this.#act("move");
    const { mails } = this.#server.get(path);
    this.#server.get(toPath);
    return numbers.map((number) => {
      const mail = mails.get(number);
      if (mail === undefined) return { number, kind: "gone" };
      return { number, kind: "done", newNumber: this.#server.put(toPath, mail) };
    });
  }

  async identities(path: string): Promise<ReadonlyMap<number, string>> {
    return new Map([...this.#server.get(path).mails].map(([uid, mime]) => [uid, String(mime)]));
  }

  async append(path: string, mime: Buffer | Octets): Promise<number> {
    this.#act("append");
    return this.#server.put(path, await wholeOf(mime));
  }

  async findByMessageId(
    path: string,
    messageId: string,
    from: number,
  ): Promise<number | undefined> {
    this.#trips++;
    const { mails } = this.#server.get(path);
    const found = [...mails].find(([uid, mime]) => uid >= from && mime.includes(`<${messageId}>`));
    return found?.[0];
  }

  async threads(): Promise<readonly (readonly number[])[]> {
    return [];
  }

  search(): Promise<never> {
    throw new Error("no test searches here");
  }

  async watch(
    _paths: readonly string[],
    listener: (event: WatchEvent) => void,
  ): Promise<Disposable> {
    return this.#server.watch(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.leases--;
  }

  #act(operation: Operation): void {
    this.#trips++;
    this.#server.check(operation);
  }

  #describe(path: string): RemoteFolder {
    const { type, key, epoch, next, selectable } = this.#server.get(path);
    const slash = path.lastIndexOf("/");
    const [parentPath, displayName] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
    const names = { path, parentPath, displayName, type, selectable };
    return selectable
      ? { ...names, remoteKey: key, epoch, next }
      : { ...names, remoteKey: "", epoch: "", next: 0 };
  }
}
