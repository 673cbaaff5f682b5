/** A lease on a mailbox in memory. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type {
  FlagChange,
  FolderHits,
  ItemOutcome,
  MailFolderType,
  MailSession,
  OnlyWhere,
  RemoteFolder,
  SearchBounds,
  WatchEvent,
} from "../../backend.ts";
import type { Feed } from "../../feed.ts";
import type { MailFlags, MailItem, PartFetched, PartWanted } from "../../items/email/message.ts";
import { threadsIn } from "../../items/email/threads.ts";
import type { MailQuery } from "../../items/search/condition.ts";
import { wholeOf, type Octets } from "../../kit/octets.ts";
import { MemoryFeed } from "./feed.ts";
import type { MemoryMailbox, StoredFolder, StoredMail } from "./mailbox.ts";
import { findMails } from "./matches.ts";

/** What a session leases. */
export interface MemoryLease {
  readonly mailbox: MemoryMailbox;
  /** Throws when the request, the session or the server has ended. */
  readonly assertLive: () => void;
  /** Gives the lease back. */
  readonly end: () => void;
}

/** An open mailbox; each method is one command of a server that answers at once. */
export class MemorySession implements MailSession {
  readonly #lease: MemoryLease;
  readonly #watches = new DisposableStack();
  #roundTrips = 0;

  constructor(lease: MemoryLease) {
    this.#lease = lease;
  }

  roundTrips(): number {
    return this.#roundTrips;
  }

  async folders(): Promise<readonly RemoteFolder[]> {
    return [...this.#mailbox().folders.values()].map(toRemote);
  }

  async createFolder(path: string, type: MailFolderType): Promise<RemoteFolder> {
    return toRemote(this.#mailbox().create(path, type));
  }

  async childPath(parentPath: string, name: string): Promise<string> {
    return this.#mailbox().childPath(parentPath, name);
  }

  async renameFolder(path: string, toPath: string): Promise<void> {
    this.#mailbox().rename(path, toPath);
  }

  async deleteFolder(path: string): Promise<void> {
    this.#mailbox().delete(path);
  }

  feed(path: string): Feed {
    return new MemoryFeed(() => this.#folder(path));
  }

  readAhead(): void {
    // Nothing is far away in memory.
  }

  async list(
    path: string,
    numbers: readonly number[],
    epoch?: string,
  ): Promise<readonly MailItem[]> {
    const mails = this.#mailsOf(path, epoch);
    return numbers.flatMap((number) => {
      const mail = mails.get(number);
      return mail === undefined ? [] : [toItem(mail)];
    });
  }

  async fetchParts(
    path: string,
    wanted: readonly PartWanted[],
    epoch?: string,
  ): Promise<readonly PartFetched[]> {
    const mails = this.#mailsOf(path, epoch);
    return wanted.flatMap((part) => {
      const bytes = mails.get(part.number)?.message.part(part.section);
      return bytes === undefined ? [] : [{ ...part, bytes: bytes.subarray(0, part.maxBytes) }];
    });
  }

  async openPart(
    path: string,
    { number, section, epoch }: PartWanted & { readonly epoch: string },
  ): Promise<Readable | undefined> {
    const folder = this.#folder(path);
    if (folder.epoch !== epoch) return undefined;
    const bytes = folder.mails.get(number)?.message.part(section);
    return bytes === undefined ? undefined : Readable.from([bytes], { objectMode: false });
  }

  async setFlags(
    path: string,
    changes: readonly FlagChange[],
    { epoch, unchangedSince }: OnlyWhere = {},
  ): Promise<readonly ItemOutcome[]> {
    const mails = this.#mailsOf(path, epoch);
    return changes.map(({ number, touched, ...change }): ItemOutcome => {
      const mail = mails.get(number);
      if (mail === undefined) return { number, kind: "gone" };
      const isConflict = unchangedSince !== undefined && mail.mark > unchangedSince;
      if (isConflict) return { number, kind: "conflict" };
      this.#lease.mailbox.flag(path, number, change);
      if (touched === true) this.#lease.mailbox.touch(path, number);
      return { number, kind: "done" };
    });
  }

  async remove(
    path: string,
    numbers: readonly number[],
    epoch?: string,
  ): Promise<readonly ItemOutcome[]> {
    const mails = this.#mailsOf(path, epoch);
    return numbers.map((number) => {
      const mail = mails.has(number) ? this.#lease.mailbox.expunge(path, number) : undefined;
      return { number, kind: mail === undefined ? "gone" : "done" };
    });
  }

  async removeAll(path: string): Promise<number> {
    const { mails } = this.#folder(path);
    for (const number of mails.keys()) this.#lease.mailbox.expunge(path, number);
    return mails.size;
  }

  async move(
    path: string,
    numbers: readonly number[],
    toPath: string,
    epoch?: string,
  ): Promise<readonly ItemOutcome[]> {
    const mails = this.#mailsOf(path, epoch);
    return numbers.map((number): ItemOutcome => {
      const isThere = mails.has(number);
      const newNumber = isThere ? this.#lease.mailbox.move(path, number, toPath) : undefined;
      return newNumber === undefined
        ? { number, kind: "gone" }
        : { number, kind: "done", newNumber };
    });
  }

  async movesAtOnce(): Promise<boolean> {
    return this.#lease.mailbox.movesAtOnce;
  }

  async copy(
    path: string,
    numbers: readonly number[],
    toPath: string,
  ): Promise<readonly ItemOutcome[]> {
    const { mails } = this.#folder(path);
    this.#lease.mailbox.folderAt(toPath);
    return numbers.map((number): ItemOutcome => {
      const mail = mails.get(number);
      if (mail === undefined) return { number, kind: "gone" };
      const { mime, flags, received } = mail;
      const newNumber = this.#lease.mailbox.deliver(mime, { path: toPath, flags, received });
      return { number, kind: "done", newNumber };
    });
  }

  async identities(
    path: string,
    which: readonly number[] | { readonly from: number },
  ): Promise<ReadonlyMap<number, string>> {
    const inside = [...this.#folder(path).mails.values()].filter(({ number }) =>
      "from" in which ? number >= which.from : which.includes(number),
    );
    return new Map(inside.map((mail) => [mail.number, identityOf(mail)]));
  }

  async append(
    path: string,
    mime: Buffer | Octets,
    flags: Partial<MailFlags>,
  ): Promise<number | undefined> {
    return this.#mailbox().deliver(await wholeOf(mime), { path, flags });
  }

  async findByMessageId(
    path: string,
    messageId: string,
    from: number,
  ): Promise<number | undefined> {
    const wanted = messageId.replace(/^<|>$/g, "");
    const found = [...this.#folder(path).mails.values()].find(
      ({ number, message }) => number >= from && message.envelope.messageId === wanted,
    );
    return found?.number;
  }

  async search(
    path: string,
    query: MailQuery,
    { limit, signal }: SearchBounds,
  ): Promise<FolderHits> {
    signal.throwIfAborted();
    return findMails(this.#folder(path), query, limit);
  }

  async threads(path: string): Promise<readonly (readonly number[])[]> {
    const mails = [...this.#folder(path).mails.values()];
    return threadsIn(mails.map(({ number, message }) => ({ ...message, number })));
  }

  async watch(
    paths: readonly string[],
    listener: (event: WatchEvent) => void,
  ): Promise<Disposable> {
    return this.#watches.use(
      this.#mailbox().watch((event) => {
        if (paths.includes(event.path)) listener(event);
      }),
    );
  }

  #mailbox(): MemoryMailbox {
    this.#lease.assertLive();
    this.#roundTrips++;
    return this.#lease.mailbox;
  }

  #folder(path: string): StoredFolder {
    return this.#mailbox().folderAt(path);
  }

  /** The mails of a folder; none for numbers of another epoch. */
  #mailsOf(path: string, epoch: string | undefined): StoredFolder["mails"] {
    const folder = this.#folder(path);
    return epoch === undefined || folder.epoch === epoch ? folder.mails : new Map();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watches.dispose();
    this.#lease.end();
  }
}

function identityOf({ mime, received }: StoredMail): string {
  const hash = createHash("sha256").update(mime).digest("base64url");
  return `${hash} ${received.getTime()}`;
}

function toRemote({ path, type, key, epoch, next, selectable }: StoredFolder): RemoteFolder {
  const cut = path.lastIndexOf("/");
  const place = { path, parentPath: path.slice(0, Math.max(cut, 0)), type, selectable };
  const displayName = path.slice(cut + 1);
  if (!selectable) return { ...place, displayName, remoteKey: "", epoch: "", next: 0 };
  return { ...place, displayName, remoteKey: key, epoch, next };
}

function toItem({ number, flags, received, mime, message }: StoredMail): MailItem {
  const { envelope, structure, references, headers } = message;
  const sizeBytes = mime.length;
  return { number, flags, received, sizeBytes, envelope, structure, references, headers };
}
