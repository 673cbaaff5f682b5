/** The connections of one account under one credential, shared by all its requests in this process. */
import { BackendUnavailable, type Credential } from "../../backend.ts";
import type { Position } from "../../feed.ts";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { ImapConnection } from "./connection.ts";
import { commandTimeoutMs, idleConnectionMs, sessionLifeMs } from "./limits.ts";
import { Lane, type Logins } from "./logins.ts";
import { readPosition } from "./position.ts";
import type { ImapServer } from "./server.ts";

/** What pools of one server share. */
export interface ServerState {
  readonly server: ImapServer;
  readonly logins: Logins;
  readonly clock: Clock;
  readonly log: Log;
}

/** A connection that waits for work. */
interface Idle {
  readonly connection: ImapConnection;
  readonly expiry: Timer;
}

/** Reopens connections only while a request that brought the credential is running or held. */
export class Pool {
  readonly #state: ServerState;
  readonly #places: Lane;
  readonly #idle: Idle[] = [];
  readonly #open = new Map<ImapConnection, number>();
  /** Credentials of running and held requests, newest last. */
  readonly #credentials: Credential[] = [];
  /** Why the pool was closed; undefined while it is open. */
  #closed: Error | undefined;
  /** Where each folder was last seen to stand, by any connection. */
  readonly #positions = new Map<string, Position>();

  constructor(state: ServerState, places: number) {
    this.#state = state;
    this.#places = new Lane(places);
  }

  /** Open connections, watchers not counted. */
  get size(): number {
    return this.#open.size;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Whether a request with the credential is running or held. */
  get isLeased(): boolean {
    return this.#credentials.length > 0;
  }

  /** Lends the credential for as long as a request lives. */
  lend(credential: Credential): Disposable {
    this.#credentials.push(credential);
    return {
      [Symbol.dispose]: () => {
        const at = this.#credentials.indexOf(credential);
        if (at !== -1) this.#credentials.splice(at, 1);
      },
    };
  }

  /** Runs work on a connection, preferably one that has the folder selected. */
  async use<Result>(
    path: string | undefined,
    signal: AbortSignal,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.#onConnection((idle) => idle === path, signal, work);
  }

  async #onConnection<Result>(
    prefers: (selectedPath: string | undefined) => boolean,
    signal: AbortSignal,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    using _place = await this.#places.enter(signal);
    const connection = this.#take(prefers) ?? (await this.connect(signal));
    try {
      return await work(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  /**
   * Runs work on a connection that has the folder selected and sees all that a STATUS of any connection has
   * told of it: a view that is older would lack mail that the mark already counts in.
   */
  useSelected<Result>(
    path: string,
    signal: AbortSignal,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.use(path, signal, async (connection) => {
      const latest = this.#positions.get(path);
      if (connection.selectedPath !== path) await connection.select(path);
      else if (connection.seen !== latest) await connection.refresh();
      connection.seen = latest;
      return work(connection);
    });
  }

  /**
   * Where a folder stands, asked of the server; preferably on a connection that has it not selected: there
   * a STATUS tells what the view has, which may be old (seen on Dovecot), so the view goes first.
   */
  position(path: string, signal: AbortSignal): Promise<Position> {
    return this.#onConnection(
      (selected) => selected !== path,
      signal,
      async (connection) => {
        const isSelected = connection.selectedPath === path;
        if (isSelected) await connection.refresh();
        const now = await readPosition(connection, path, this.#state.clock.now());
        const before = this.#positions.get(path);
        if (before === undefined || !isSame(before, now)) this.#positions.set(path, now);
        if (isSelected && connection.statusIsOfView) connection.seen = this.#positions.get(path);
        return now;
      },
    );
  }

  /** Opens a connection with the credential of a live request. Throws LoginRefused, BackendUnavailable. */
  async connect(signal: AbortSignal, silenceMs = commandTimeoutMs): Promise<ImapConnection> {
    if (this.#closed !== undefined) throw this.#closed;
    const credential = this.#credentials.at(-1);
    if (credential === undefined) {
      throw new BackendUnavailable(
        "no request with a credential is live: the session stays closed",
      );
    }
    const { server, log, logins, clock } = this.#state;
    const connection = await logins.run(credential, signal, () =>
      ImapConnection.open(server, credential, { log, silenceMs }),
    );
    this.#open.set(connection, clock.now());
    connection.onClose(() => this.#forget(connection));
    if (this.closed) connection.drop();
    return connection;
  }

  /** Makes sure that the credential is right: a session of it is open or can be opened. */
  async ensure(signal: AbortSignal): Promise<void> {
    if (this.#open.size > 0) return;
    await this.use(undefined, signal, () => Promise.resolve());
  }

  /** Whether a connection is too old to be used on: a changed password must count. */
  isExpired(connection: ImapConnection): boolean {
    const openedAt = this.#open.get(connection);
    return openedAt === undefined || this.#state.clock.now() - openedAt >= sessionLifeMs;
  }

  /** Ends all connections; whoever wants one afterwards gets `reason`. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const { expiry } of this.#idle.splice(0)) expiry.cancel();
    for (const connection of Array.from(this.#open.keys())) connection.drop();
    this.#open.clear();
  }

  #take(prefers: (selectedPath: string | undefined) => boolean): ImapConnection | undefined {
    this.#dropExpired();
    const fitting = this.#idle.findIndex(({ connection }) => prefers(connection.selectedPath));
    const at = fitting === -1 ? this.#idle.length - 1 : fitting;
    const [idle] = at === -1 ? [] : this.#idle.splice(at, 1);
    idle?.expiry.cancel();
    return idle?.connection;
  }

  #dropExpired(): void {
    for (const idle of this.#idle.slice()) {
      if (idle.connection.usable && !this.isExpired(idle.connection)) continue;
      idle.expiry.cancel();
      this.#idle.splice(this.#idle.indexOf(idle), 1);
      idle.connection.close();
    }
  }

  #giveBack(connection: ImapConnection): void {
    if (this.closed || !connection.usable || this.isExpired(connection)) {
      connection.close();
      return;
    }
    const expiry = this.#state.clock.after(idleConnectionMs, () => this.#retire(connection));
    this.#idle.push({ connection, expiry });
  }

  #retire(connection: ImapConnection): void {
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at !== -1) this.#idle.splice(at, 1);
    connection.close();
  }

  #forget(connection: ImapConnection): void {
    this.#open.delete(connection);
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at !== -1) this.#idle.splice(at, 1)[0]?.expiry.cancel();
  }
}

function isSame(one: Position, other: Position): boolean {
  return (
    one.epoch === other.epoch &&
    one.mark === other.mark &&
    one.next === other.next &&
    one.count === other.count
  );
}
