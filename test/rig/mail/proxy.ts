/**
 * A loopback proxy before the rig's IMAP server: it takes capabilities away (Dovecot's imap_capability only
 * hides them), holds logins back, breaks connections, and tells what was said.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { missingFeature, withoutCapabilities } from "./poor-server.ts";
import { Splitter } from "./wire-splitter.ts";

/** What the server behind the proxy seems to lack. */
export interface ProxyOptions {
  /** Capabilities taken out of the server's lists; their commands, parameters and items are BAD. */
  readonly without?: readonly string[];
  /** Logins wait until `letIn` is called. */
  readonly holdLogins?: boolean;
  /** Each command waits this long, as for a server far away or under load. */
  readonly delayMs?: number;
  /** Changes each line that the server says. */
  readonly rewrite?: (line: string) => string;
}

/** A running proxy. */
export interface ImapProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open now. */
  open(): number;
  /** Connections that were ever opened. */
  opened(): number;
  /** Command lines of the clients so far, without tags; what follows LOGIN or AUTHENTICATE is left out. */
  readonly said: readonly string[];
  /** Those of them that were BAD, as the server lacks what they need. */
  readonly refused: readonly string[];
  /** Logins that are held back now. */
  held(): number;
  /** Lets the held logins go on, and all later ones. */
  letIn(): void;
  /** Resolves when the condition holds; looks at each line that passes, each login held, each opening and end. */
  until(condition: () => boolean): Promise<void>;
  /** Breaks all connections. */
  breakAll(): void;
  /** Whether new connections are refused. */
  refuse(refuses: boolean): void;
  /** Keeps the server's answers back (`true`), as a server that hangs, or lets them through again. */
  stall(stalls: boolean): void;
}

/** Starts a proxy to a port of this machine. */
export async function startImapProxy(
  target: number,
  options: ProxyOptions = {},
): Promise<ImapProxy> {
  const state = new ProxyState(options);
  const server = createServer((client) => state.join(client, connect(target, "127.0.0.1")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    open: () => state.clients.size,
    opened: () => state.opened,
    said: state.said,
    refused: state.refused,
    held: () => state.held.length,
    letIn: () => state.letIn(),
    until: (condition) => state.until(condition),
    breakAll: () => state.breakAll(),
    refuse: (refuses) => void (state.refuses = refuses),
    stall: (stalls) => state.stall(stalls),
    [Symbol.asyncDispose]: async () => {
      state.breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class ProxyState {
  readonly clients = new Set<Socket>();
  readonly said: string[] = [];
  readonly refused: string[] = [];
  readonly held: (() => void)[] = [];
  opened = 0;
  refuses = false;
  readonly #servers = new Set<Socket>();
  readonly #without: readonly string[];
  readonly #delayMs: number;
  readonly #rewrite: (line: string) => string;
  readonly #waiting = new Set<() => void>();
  #holdLogins: boolean;
  #stalled = false;

  constructor({ without = [], holdLogins = false, delayMs = 0, ...options }: ProxyOptions) {
    this.#rewrite = options.rewrite ?? ((line) => line);
    this.#without = without;
    this.#holdLogins = holdLogins;
    this.#delayMs = delayMs;
  }

  join(client: Socket, server: Socket): void {
    if (this.refuses) {
      client.destroy();
      server.destroy();
      return;
    }
    this.opened += 1;
    this.clients.add(client);
    this.#servers.add(server);
    const end = (): void => {
      client.destroy();
      server.destroy();
      this.clients.delete(client);
      this.#servers.delete(server);
      this.#look();
    };
    for (const socket of [client, server]) socket.on("close", end).on("error", end);
    this.#pipe(client, server);
    this.#look();
  }

  #pipe(client: Socket, server: Socket): void {
    const answers = new Splitter((line) => withoutCapabilities(this.#rewrite(line), this.#without));
    server.on("data", (chunk: Buffer) => client.write(answers.push(chunk)));
    if (this.#stalled) server.pause();
    const commands = new Splitter((line) => this.#hear(line, client));
    let last = Promise.resolve();
    client.on("data", (chunk: Buffer) => {
      const out = commands.push(chunk);
      last = last.then(async () => {
        if (isLogin(out)) await this.#admission();
        if (this.#delayMs > 0) await sleep(this.#delayMs);
        server.write(out);
      });
    });
  }

  /** Notes a command; undefined when it is answered here. */
  #hear(line: string, client: Socket): string | undefined {
    const [tag = "", ...words] = line.trimEnd().split(" ");
    const command = words.join(" ");
    this.said.push(/^(LOGIN|AUTHENTICATE) /i.test(command) ? (words[0] ?? "") : command);
    this.#look();
    const feature = missingFeature(command, this.#without);
    if (feature === undefined) return line;
    this.refused.push(command);
    client.write(`${tag} BAD this server has no ${feature}\r\n`);
    return undefined;
  }

  async #admission(): Promise<void> {
    if (!this.#holdLogins) return;
    const admitted = new Promise<void>((resolve) => this.held.push(resolve));
    this.#look();
    await admitted;
  }

  letIn(): void {
    this.#holdLogins = false;
    for (const admit of this.held.splice(0)) admit();
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  breakAll(): void {
    for (const socket of [...this.clients, ...this.#servers]) socket.destroy();
  }

  stall(stalls: boolean): void {
    this.#stalled = stalls;
    for (const server of this.#servers) {
      if (stalls) server.pause();
      else server.resume();
    }
  }
}

function isLogin(bytes: Buffer): boolean {
  return /^\S+ (LOGIN|AUTHENTICATE) /i.test(bytes.toString("latin1"));
}
