/** One connection to an IMAP server: the only file that knows imapflow's insides (exec, encoding). */
import type { Writable } from "node:stream";
import { ImapFlow, type MailboxObject } from "imapflow";
import { encodePath, normalizePath } from "imapflow/lib/tools.js";
import { BackendUnavailable, type Credential, LoginRefused } from "../../backend.ts";
import type { Position } from "../../feed.ts";
import type { Log } from "../../kit/log.ts";
import type { Octets } from "../../kit/octets.ts";
import { toBackendError } from "./errors.ts";
import { idleRearmMs } from "./limits.ts";
import { writeOctets } from "./literal.ts";
import { isNews, readingCommands } from "./news.ts";
import { positionOfView } from "./position.ts";
import { connectionOptions, type ImapServer } from "./server.ts";
import type { UnreadableMails } from "./unreadable.ts";

/** A token of an IMAP line as imapflow parses it. */
export interface Token {
  readonly type?: string;
  readonly value?: string | Buffer;
  readonly section?: readonly Token[];
}

/** A parsed token, list or NIL. */
export type Parsed = Token | null | readonly Parsed[];

/** An untagged response: its first word or number, and what follows. */
export interface Untagged {
  readonly command: string;
  readonly attributes?: readonly Parsed[];
  /** The numbers of a SEARCH, which imapflow reads without making tokens of them. */
  readonly numbers?: readonly number[];
}

/** An argument of a command. */
export type Argument =
  | {
      readonly type: "ATOM" | "SEQUENCE" | "STRING" | "LITERAL";
      readonly value: string | Buffer;
      /** What stands in brackets after it, and the cut <start.length> behind. */
      readonly section?: readonly Argument[];
      readonly partial?: readonly number[];
    }
  | readonly Argument[];

/** The internals of imapflow that are used here; a contract test holds them true for the pinned version. */
interface Internals {
  exec(
    command: string,
    attributes: readonly unknown[] | false,
    options?: {
      untagged?: Readonly<Record<string, (untagged: Untagged) => Promise<void>>>;
      /** Called when the server says "+", in the place of imapflow's own literals. */
      onPlusTag?: () => Promise<void>;
    },
  ): Promise<{
    readonly response: { readonly attributes?: readonly Parsed[] };
    next(): void;
  }>;
  preCheck: (() => Promise<void>) | false;
  /** The socket, or what compresses before it. */
  readonly writeSocket: Writable;
  /** What is known of folders; a SELECT of an unknown one asks LIST and LSUB first. */
  readonly folders: Map<string, { readonly path: string }>;
}

/** The tagged answer of a command, as far as it carries a response code. */
export interface Tagged {
  readonly attributes: readonly Parsed[];
}

/** An open, signed-in connection. */
export class ImapConnection {
  readonly client: ImapFlow;
  /** The personal namespace's prefix, such as "INBOX."; "" on most servers. */
  readonly prefix: string;
  /** Whether searches look into the server's full-text index alone. */
  readonly fuzzySearch: boolean;
  /** Commands sent so far. */
  commands = 0;
  /** Mails that the server cannot read. */
  unreadable: UnreadableMails | undefined;
  /** When the selected folder's view was brought up to date, in the pool's order of commands. */
  viewAt = 0;
  readonly #internals: Internals;
  #selected: MailboxObject | undefined;
  #standing: Position | undefined;
  /** A folder is still open at the server that has lost its name; Dovecot answers STATUS of the name from it. */
  #hasStrayView = false;

  private constructor(client: ImapFlow, prefix: string, fuzzySearch: boolean) {
    this.client = client;
    this.prefix = prefix;
    this.fuzzySearch = fuzzySearch;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stripped from imapflow's declarations
    this.#internals = client as unknown as Internals;
    client.on("mailboxClose", () => {
      this.#selected = undefined;
      this.#stir();
    });
    for (const event of ["exists", "expunge", "flags"]) client.on(event, () => this.#stir());
  }

  /** Connects and signs in. Throws LoginRefused, BackendUnavailable. */
  static async open(
    server: ImapServer,
    credential: Credential,
    { log, silenceMs }: { readonly log: Log; readonly silenceMs: number },
  ): Promise<ImapConnection> {
    refuseUnsendable(credential);
    const client = new ImapFlow({
      ...connectionOptions(server),
      auth: { user: credential.login, pass: credential.password },
      // Sent before LOGIN, so that the server counts failures for the device and not for the gateway.
      clientInfo: clientInfo(server, credential),
      disableAutoIdle: true,
      qresync: !lacks(server, "QRESYNC"),
      socketTimeout: silenceMs,
      maxIdleTime: idleRearmMs,
    });
    // Without a listener a socket error would end the process; commands see it by their rejection.
    client.on("error", (error: Error) => log.debug({ err: error }, "an IMAP connection broke"));
    try {
      await client.connect();
    } catch (error) {
      client.close();
      throw toBackendError(error);
    }
    for (const name of server.withoutCapabilities ?? []) {
      client.capabilities.delete(name.toUpperCase());
      client.enabled.delete(name.toUpperCase());
    }
    const isFuzzy = server.fuzzySearch === true && client.capabilities.has("SEARCH=FUZZY");
    return new ImapConnection(client, takePrefix(client), isFuzzy);
  }

  get usable(): boolean {
    return this.client.usable;
  }

  /** Path of the selected folder. */
  get selectedPath(): string | undefined {
    return this.#selected?.path;
  }

  /** UIDVALIDITY of the selected folder. */
  get selectedEpoch(): string | undefined {
    return this.#selected && String(this.#selected.uidValidity);
  }

  has(capability: string): boolean {
    return this.client.capabilities.has(capability);
  }

  isEnabled(extension: string): boolean {
    return this.client.enabled.has(extension);
  }

  /** Whether the server keeps marks of change for the selected folder (NOMODSEQ: not, RFC 7162 3.1.2.2). */
  get keepsMarks(): boolean {
    return this.isEnabled("CONDSTORE") && this.#selected?.noModseq !== true;
  }

  /**
   * Where the selected folder stood when its view was last told, while nothing has stirred it since; undefined
   * once something did. Only where the server tells each change of the view.
   */
  get standing(): Position | undefined {
    return this.#standing;
  }

  /** The view of the selected folder was told to stand here. */
  standAt(position: Position | undefined): void {
    this.#standing = this.statusIsOfView ? position : undefined;
  }

  #stir(): void {
    this.#standing = undefined;
  }

  /** Runs one of imapflow's own commands. */
  async run<Result>(work: (client: ImapFlow) => Promise<Result>): Promise<Result> {
    this.commands++;
    this.#stir();
    try {
      return await work(this.client);
    } catch (error) {
      throw toBackendError(error);
    }
  }

  /** Selects a folder unless it is selected; the state that SELECT told is no mark to rely on. */
  async select(path: string): Promise<MailboxObject> {
    if (this.#selected?.path === path && this.client.mailbox !== false) return this.#selected;
    this.#selected = undefined;
    const { folders } = this.#internals;
    const name = normalizePath(this.client, path);
    if (!folders.has(name)) folders.set(name, { path: name });
    this.#selected = await this.run((client) => client.mailboxOpen(path));
    this.#hasStrayView = false;
    // imapflow spells INBOX its own way: keep the name that we know the folder by.
    this.#selected.path = path;
    this.standAt(positionOfView(this, this.#selected));
    return this.#selected;
  }

  /** Leaves the selected folder without expunging: STATUS and LIST tell of it only what its view has. */
  async unselect(): Promise<void> {
    if (this.#selected === undefined && !this.#hasStrayView) return;
    if (!this.has("UNSELECT")) return;
    await this.exec("UNSELECT", []);
    this.#selected = undefined;
    this.#hasStrayView = false;
  }

  /** Leaves a folder whose name is another folder's now. */
  async leaveStrayView(): Promise<void> {
    if (this.#hasStrayView) await this.unselect();
  }

  /** Selects anew next time when the name is another folder's now: the old one was renamed or made again. */
  expectEpoch(path: string, epoch: string): void {
    if (this.#selected?.path !== path) return;
    if (String(this.#selected.uidValidity) === epoch) return;
    this.#selected = undefined;
    this.#hasStrayView = true;
  }

  /** Brings the view of the selected folder up to date. */
  async refresh(): Promise<void> {
    await this.exec("NOOP", []);
  }

  /** Whether a STATUS of the selected folder tells no more than its view has. */
  get statusIsOfView(): boolean {
    return /dovecot/i.test(String(this.client.serverInfo?.["name"] ?? ""));
  }

  /** Sends a command as it stands and gives its untagged responses of these kinds. */
  async exec(
    command: string,
    attributes: readonly Argument[],
    hear: Readonly<Record<string, (untagged: Untagged) => void>> = {},
  ): Promise<Tagged> {
    this.commands++;
    if (!readingCommands.has(command)) this.#stir();
    const untagged = Object.fromEntries(
      Object.entries(hear).map(([name, listen]) => [
        name,
        (response: Untagged): Promise<void> => {
          if (isNews(name, response)) this.#stir();
          return Promise.resolve(listen(response));
        },
      ]),
    );
    try {
      // An IDLE on this connection ends first.
      if (typeof this.#internals.preCheck === "function") await this.#internals.preCheck();
      const answer = await this.#internals.exec(command, [...attributes], { untagged });
      answer.next();
      return { attributes: answer.response.attributes ?? [] };
    } catch (error) {
      throw toBackendError(error);
    }
  }

  /**
   * Sends a command whose last argument is a literal, in pieces and no faster than the server reads. When the
   * octets cannot be read the connection is dropped: a server forgets a literal that does not end.
   */
  async execLiteral(
    command: string,
    attributes: readonly Argument[],
    literal: { readonly octets: Octets; readonly binary: boolean },
  ): Promise<Tagged> {
    const { octets, binary } = literal;
    // imapflow takes whole literals only; a text at a line's end goes out as it stands.
    const marker = { type: "TEXT", value: `${binary ? "~" : ""}{${octets.sizeBytes}}` };
    let fault: Error | undefined;
    const onPlusTag = async (): Promise<void> => {
      try {
        await writeOctets(this.#internals.writeSocket, octets);
      } catch (error) {
        fault = toBackendError(error);
        this.drop();
      }
    };
    this.commands++;
    this.#stir();
    try {
      if (typeof this.#internals.preCheck === "function") await this.#internals.preCheck();
      const sent = [...attributes, marker];
      const answer = await this.#internals.exec(command, sent, { onPlusTag });
      answer.next();
      return { attributes: answer.response.attributes ?? [] };
    } catch (error) {
      throw fault ?? toBackendError(error);
    }
  }

  /** A folder's name as an argument. */
  pathArgument(path: string): Argument {
    const normal = normalizePath(this.client, path);
    return { type: "STRING", value: encodePath(this.client, normal) };
  }

  /** Ends the connection politely, without waiting for a server that does not answer. */
  close(): void {
    this.client.logout().catch(() => this.client.close());
  }

  /** Drops the connection. */
  drop(): void {
    this.client.close();
  }

  /** Calls back once when the connection is gone. */
  onClose(listener: () => void): void {
    this.client.once("close", listener);
  }

  /** Throws when the connection is gone. */
  assertUsable(): void {
    if (!this.usable) throw new BackendUnavailable("the connection to the IMAP server is gone");
  }
}

/** QRESYNC builds upon CONDSTORE (RFC 7162 section 3.2.1). */
function lacks({ withoutCapabilities = [] }: ImapServer, capability: string): boolean {
  const without = withoutCapabilities.map((name) => name.toUpperCase());
  return without.includes(capability) || without.includes("CONDSTORE");
}

/** imapflow would put the prefix before every name that lacks it, shared folders' included. */
function takePrefix({ namespace }: ImapFlow): string {
  const prefix = namespace?.prefix ?? "";
  if (namespace !== undefined) namespace.prefix = "";
  return prefix;
}

/** Without the false ones imapflow would add its own name, version and address. */
function clientInfo(server: ImapServer, credential: Credential): Record<string, string | false> {
  const { clientAddress } = credential;
  const origin = server.sendOriginatingIp !== false && clientAddress !== "";
  const nothing = { version: false, vendor: false, "support-url": false } as const;
  const address = origin ? { "x-originating-ip": clientAddress } : {};
  return { name: "Eastgate", ...nothing, ...address };
}

/** NUL separates the fields of SASL PLAIN and a line end ends a command: such a credential cannot fit. */
function refuseUnsendable({ login, password }: Credential): void {
  const isSendable = login !== "" && password !== "";
  const breaksOut = ["\0", "\r", "\n"].some((char) => `${login}${password}`.includes(char));
  if (!isSendable || breaksOut) throw new LoginRefused("no login or password of this form can fit");
}
