/** Mail servers in memory: the reference of what backend.ts promises, and quick ground for tests. */
import {
  BackendUnavailable,
  LoginRefused,
  SendRefused,
  type Credential,
  type MailBackend,
  type MailSession,
  type MailTransport,
  type Outgoing,
} from "../../backend.ts";
import { systemClock, type Clock } from "../../kit/clock.ts";
import { wholeOf } from "../../kit/octets.ts";
import { MemoryMailbox } from "./mailbox.ts";
import { MemorySession } from "./session.ts";

/** A mail server of which a test is the administrator. */
export interface MemoryBackend extends MailBackend {
  /** Lets a user in with a password; a known user gets a new one. Returns the mailbox, for other clients. */
  addUser(login: string, password: string): MemoryMailbox;
  /** The mailbox of a user, if there is one. */
  mailbox(login: string): MemoryMailbox | undefined;
  /** Whether the server can be reached; open sessions are lost when it cannot. */
  setReachable(isReachable: boolean): void;
}

/** What a test may want otherwise. */
export interface MemoryOptions {
  /** Time of arrival of mails that have none of their own. */
  readonly clock?: Clock;
  /** Octets that each mailbox may hold; unlimited by default. */
  readonly quotaBytes?: number;
}

/** A mail server in memory, without users. */
export function createMemoryBackend(options: MemoryOptions = {}): MemoryBackend {
  return new MemoryServer(options);
}

interface User {
  password: string;
  readonly mailbox: MemoryMailbox;
}

/** A session that is open for an account; every lease of it ends with it. */
interface Live {
  readonly accountId: string;
  isOver: boolean;
}

class MemoryServer implements MemoryBackend {
  readonly #clock: Clock;
  readonly #quotaBytes: number;
  readonly #users = new Map<string, User>();
  readonly #live = new Set<Live>();
  #isReachable = true;

  constructor({ clock = systemClock, quotaBytes = Infinity }: MemoryOptions) {
    this.#clock = clock;
    this.#quotaBytes = quotaBytes;
  }

  addUser(login: string, password: string): MemoryMailbox {
    const known = this.#users.get(login);
    const mailbox = known?.mailbox ?? new MemoryMailbox(this.#clock, this.#quotaBytes);
    this.#users.set(login, { password, mailbox });
    return mailbox;
  }

  mailbox(login: string): MemoryMailbox | undefined {
    return this.#users.get(login)?.mailbox;
  }

  setReachable(isReachable: boolean): void {
    this.#isReachable = isReachable;
    if (!isReachable) for (const live of this.#live) this.#end(live);
  }

  async open(accountId: string, credential: Credential, signal: AbortSignal): Promise<MailSession> {
    const mailbox = this.#signIn(credential, signal);
    const live = { accountId, isOver: false };
    this.#live.add(live);
    const assertLive = (): void => {
      signal.throwIfAborted();
      if (live.isOver) throw new BackendUnavailable("the session has ended");
    };
    return new MemorySession({ mailbox, assertLive, end: () => this.#end(live) });
  }

  async check(credential: Credential, signal: AbortSignal): Promise<void> {
    this.#signIn(credential, signal);
  }

  async probe(
    signal: AbortSignal,
    credential?: Credential,
  ): Promise<{ readonly capabilities: readonly string[] }> {
    signal.throwIfAborted();
    this.#assertReachable();
    if (credential !== undefined) this.#signIn(credential, signal);
    return { capabilities: ["MEMORY"] };
  }

  async closeAccount(accountId: string): Promise<void> {
    for (const live of this.#live) if (live.accountId === accountId) this.#end(live);
  }

  sessions(): number {
    return this.#live.size;
  }

  #signIn({ login, password }: Credential, signal: AbortSignal): MemoryMailbox {
    signal.throwIfAborted();
    this.#assertReachable();
    const user = this.#users.get(login);
    if (user?.password !== password) throw new LoginRefused("login and password do not fit");
    return user.mailbox;
  }

  #assertReachable(): void {
    if (!this.#isReachable) throw new BackendUnavailable("the server cannot be reached");
  }

  #end(live: Live): void {
    live.isOver = true;
    this.#live.delete(live);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const live of this.#live) this.#end(live);
  }
}

/** A mail that was taken. */
export interface SentMail extends Omit<Outgoing, "mime"> {
  readonly mime: Buffer;
}

/** A submission server of which a test is the administrator. */
export interface MemoryTransport extends MailTransport {
  /** Mails that were taken, oldest first. */
  readonly sent: readonly SentMail[];
  /** Lets the next send fail. */
  failNext(error: Error): void;
}

/** Delivers into the mailboxes of a server in memory; other recipients are refused. */
export function createMemoryTransport(backend: MemoryBackend): MemoryTransport {
  return new MemorySubmission(backend);
}

class MemorySubmission implements MemoryTransport {
  readonly sent: SentMail[] = [];
  readonly #backend: MemoryBackend;
  readonly #failures: Error[] = [];

  constructor(backend: MemoryBackend) {
    this.#backend = backend;
  }

  failNext(error: Error): void {
    this.#failures.push(error);
  }

  async send(credential: Credential, mail: Outgoing, signal: AbortSignal): Promise<void> {
    await this.#signIn(credential, signal);
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const mailboxes = mail.recipients.map(
      (address) => [address, this.#backend.mailbox(address)] as const,
    );
    const refused = mailboxes.flatMap(([address, found]) => (found === undefined ? [address] : []));
    if (refused.length > 0 || mailboxes.length === 0) {
      throw new SendRefused("recipients", "no such users", refused);
    }
    const mime = await wholeOf(mail.mime);
    for (const [, mailbox] of mailboxes) mailbox?.deliver(mime);
    this.sent.push({ ...mail, mime });
  }

  async #signIn(credential: Credential, signal: AbortSignal): Promise<void> {
    try {
      await this.#backend.check(credential, signal);
    } catch (error) {
      throw error instanceof LoginRefused ? new SendRefused("login", error.message) : error;
    }
  }

  async probe(signal: AbortSignal): Promise<{ readonly capabilities: readonly string[] }> {
    return await this.#backend.probe(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failures.length = 0;
  }
}
