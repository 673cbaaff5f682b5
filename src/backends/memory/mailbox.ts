/** The mailbox of one user in memory: folders, items, marks. Other clients of a test act on it directly. */
import { BackendError, type MailFolderType, type WatchEvent } from "../../backend.ts";
import { noFlags, type MailFlags } from "../../items/email/message.ts";
import { mailVersion } from "../../items/email/version.ts";
import { parseMessage, type ParsedMessage } from "../../items/email/mime.ts";
import type { Clock } from "../../kit/clock.ts";

/** An item of a folder. */
export interface StoredMail {
  readonly number: number;
  readonly mime: Buffer;
  readonly received: Date;
  readonly message: ParsedMessage;
  flags: MailFlags;
  /** The folder's mark at the last change. */
  mark: bigint;
}

/** A folder; those that cannot be selected only hold others. */
export interface StoredFolder {
  path: string;
  type: MailFolderType;
  readonly key: string;
  selectable: boolean;
  epoch: string;
  next: number;
  mark: bigint;
  readonly mails: Map<number, StoredMail>;
  /** Numbers that went, with the mark of their going. */
  readonly gone: { readonly number: number; readonly mark: bigint }[];
}

/** How a mail comes into a mailbox. */
export interface Arrival {
  readonly path?: string;
  readonly flags?: Partial<MailFlags>;
  readonly received?: Date;
}

const separator = "/";

/** A user's mailbox. Every method acts at once, as another client's command would, and tells the watchers. */
export class MemoryMailbox {
  /** False: a server whose clients move by copying and deleting. */
  movesAtOnce = true;
  readonly folders = new Map<string, StoredFolder>();
  readonly #clock: Clock;
  readonly #quotaBytes: number;
  readonly #listeners = new Set<(event: WatchEvent) => void>();
  #serial = 0;

  constructor(clock: Clock, quotaBytes: number) {
    this.#clock = clock;
    this.#quotaBytes = quotaBytes;
    this.create("INBOX", "inbox");
    this.create("Drafts", "drafts");
    this.create("Sent", "sent");
    this.create("Trash", "trash");
  }

  /** Creates a folder and its missing parents, which hold no items; an existing one is returned. */
  create(path: string, type: MailFolderType = "user"): StoredFolder {
    const known = this.folders.get(path);
    if (known !== undefined) {
      known.selectable = true;
      return known;
    }
    const parent = path.lastIndexOf(separator);
    if (parent > 0 && !this.folders.has(path.slice(0, parent))) {
      this.create(path.slice(0, parent)).selectable = false;
    }
    const isTaken = [...this.folders.values()].some((folder) => folder.type === type);
    const folder = this.#fresh(path, isTaken ? "user" : type);
    this.folders.set(path, folder);
    return folder;
  }

  #fresh(path: string, type: MailFolderType): StoredFolder {
    const serial = ++this.#serial;
    return {
      path,
      type,
      key: `folder-${serial}`,
      epoch: String(1_000 + serial),
      selectable: true,
      next: 1,
      mark: 1n,
      mails: new Map(),
      gone: [],
    };
  }

  /** The path of a folder of this name below a parent. */
  childPath(parentPath: string, name: string): string {
    const own = name.replaceAll(separator, "-");
    return parentPath === "" ? own : parentPath + separator + own;
  }

  /** Takes a folder away with all that is in it; with others below it, it stays as their parent. */
  delete(path: string): void {
    this.#known(path);
    const isParent = [...this.folders.keys()].some((each) => each.startsWith(path + separator));
    this.folders.delete(path);
    if (isParent) this.create(path).selectable = false;
    this.#tell(path, "change");
  }

  /** Renames a folder and those below it; they stay the same folders. Throws BackendError "exists". */
  rename(from: string, to: string): void {
    this.#known(from);
    if (this.folders.has(to)) throw new BackendError("exists", `there is a folder "${to}"`);
    const below = [...this.folders.values()].filter(
      ({ path }) => path === from || path.startsWith(from + separator),
    );
    for (const folder of below) {
      this.folders.delete(folder.path);
      folder.path = to + folder.path.slice(from.length);
      this.folders.set(folder.path, folder);
    }
  }

  #known(path: string): StoredFolder {
    const folder = this.folders.get(path);
    if (folder !== undefined) return folder;
    throw new BackendError("no such folder", `there is no folder "${path}"`);
  }

  /** Gives all items of a folder new numbers under a new epoch, as a restored server does. */
  renumber(path: string): void {
    const folder = this.folderAt(path);
    const mails = [...folder.mails.values()];
    folder.epoch = String(Number(folder.epoch) + 10_000);
    folder.mails.clear();
    folder.gone.length = 0;
    folder.next = 1;
    for (const mail of mails) folder.mails.set(folder.next, { ...mail, number: folder.next++ });
    this.#tell(path, "change");
  }

  /** The folder of items at a path. Throws BackendError "no such folder". */
  folderAt(path: string): StoredFolder {
    const folder = this.folders.get(path);
    if (folder?.selectable === true) return folder;
    throw new BackendError("no such folder", `there is no folder "${path}"`);
  }

  /** Puts a mail into a folder (INBOX); returns its number. Throws BackendError "over quota". */
  deliver(mime: Buffer, { path = "INBOX", flags, received }: Arrival = {}): number {
    const folder = this.folderAt(path);
    if (this.#sizeBytes() + mime.length > this.#quotaBytes) {
      throw new BackendError("over quota", "the mailbox is full");
    }
    const number = folder.next++;
    folder.mails.set(number, {
      number,
      mime,
      message: parseMessage(mime),
      mark: ++folder.mark,
      flags: { ...noFlags, ...definedOnly(flags ?? {}) },
      received: received ?? new Date(this.#clock.now()),
    });
    this.#tell(path, "arrival");
    return number;
  }

  /** Changes flags of an item; false when it is gone. */
  flag(path: string, number: number, change: Partial<MailFlags>): boolean {
    const folder = this.folderAt(path);
    const mail = folder.mails.get(number);
    if (mail === undefined) return false;
    const flags = { ...mail.flags, ...definedOnly(change) };
    const next = { ...flags, categories: [...new Set(flags.categories)].toSorted() };
    if (isSame(mail.flags, next)) return true;
    mail.flags = next;
    mail.mark = ++folder.mark;
    this.#tell(path, "change");
    return true;
  }

  /** Counts a change of an item that changes nothing. */
  touch(path: string, number: number): void {
    const folder = this.folderAt(path);
    const mail = folder.mails.get(number);
    if (mail === undefined) return;
    mail.mark = ++folder.mark;
    this.#tell(path, "change");
  }

  /** Takes an item away for good; undefined when it is gone already. */
  expunge(path: string, number: number): StoredMail | undefined {
    const folder = this.folderAt(path);
    const mail = folder.mails.get(number);
    if (mail === undefined) return undefined;
    folder.mails.delete(number);
    folder.gone.push({ number, mark: ++folder.mark });
    this.#tell(path, "change");
    return mail;
  }

  /** Moves an item; its new number, or undefined when it is gone. */
  move(path: string, number: number, toPath: string): number | undefined {
    this.folderAt(toPath);
    const mail = this.expunge(path, number);
    if (mail === undefined) return undefined;
    const { flags, received } = mail;
    return this.deliver(mail.mime, { path: toPath, flags, received });
  }

  /** Tells of changes until disposed of. */
  watch(listener: (event: WatchEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #tell(path: string, kind: WatchEvent["kind"]): void {
    for (const listener of this.#listeners) listener({ path, kind });
  }

  #sizeBytes(): number {
    const mails = [...this.folders.values()].flatMap((folder) => [...folder.mails.values()]);
    return mails.reduce((sum, { mime }) => sum + mime.length, 0);
  }
}

/** Changes name only what they touch; undefined touches nothing. */
function definedOnly(change: Partial<MailFlags>): Partial<MailFlags> {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

function isSame(one: MailFlags, other: MailFlags): boolean {
  return (
    mailVersion(one) === mailVersion(other) &&
    one.draft === other.draft &&
    one.categories.join("\0") === other.categories.join("\0")
  );
}
