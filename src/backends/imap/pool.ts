/** The connections of one account under one credential, shared by all its requests in this process. */
import { BackendUnavailable, type Credential, type RemoteFolder } from "../../backend.ts";
import type { Position } from "../../feed.ts";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { ImapConnection } from "./connection.ts";
import { ConnectionBroke, TooManyConnections } from "./errors.ts";
import { commandTimeoutMs, idleConnectionMs, narrowMs, sessionLifeMs } from "./limits.ts";
import { Lane } from "./lane.ts";
import type { Logins } from "./logins.ts";
import { isSamePosition, readPosition } from "./position.ts";
import type { ImapServer } from "./server.ts";
import { UnreadableMails } from "./unreadable.ts";

/** What pools of one server share. */
export interface ServerState {
  readonly server: ImapServer;
  readonly logins: Logins;
  readonly clock: Clock;
  readonly log: Log;
}

/** Somebody who wants something done on a connection. */
export interface Visit {
  /** Frees him from waiting. */
  readonly signal: AbortSignal;
  /** Commands sent for him so far. */
  commands: number;
  /** When he came, in the pool's order of commands. */
  readonly cameAt: number;
  /** Folders of whose position he was told. */
  readonly told: Set<string>;
}

/** A connection that waits for work. */
interface Idle {
  readonly connection: ImapConnection;
  readonly expiry: Timer;
}

/** Reopens connections only while a request that brought the credential is running or held. */
export class Pool {
  /** Mails that the server cannot read. */
  readonly unreadable: UnreadableMails;
  readonly #state: ServerState;
  readonly #places: Lane;
  readonly #mostPlaces: number;
  /** Until when the server is asked for no more connections than it let in. */
  #narrowUntilMs = 0;
  #onFull: () => void = () => undefined;
  readonly #idle: Idle[] = [];
  readonly #open = new Map<ImapConnection, number>();
  /** Credentials of running and held requests, newest last. */
  readonly #credentials: Credential[] = [];
  /** Why the pool was closed; undefined while it is open. */
  #closed: Error | undefined;
  /** Where each folder was last told to stand, on any connection, and when in the order of commands. */
  readonly #told = new Map<string, { readonly position: Position; readonly at: number }>();
  #canIdle = true;
  /** Counts commands asked and answered, to tell what came first. */
  #order = 0;
  /** The last time that stood in for a mark; each must differ, or a look would seem needless. */
  #lastTimeMark = 0;

  constructor(state: ServerState, places: number) {
    this.#state = state;
    this.unreadable = new UnreadableMails(state.clock, state.log);
    this.#places = new Lane(places);
    this.#mostPlaces = places;
  }

  /** Open connections, watchers not counted. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether the server offered IDLE to the newest connection. */
  get canIdle(): boolean {
    return this.#canIdle;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Whether a request with the credential is running or held. */
  get isLeased(): boolean {
    return this.#credentials.length > 0;
  }

  /** Calls back when the server lets in no connection for a request: whoever has others shall close them. */
  onFull(listener: () => void): void {
    this.#onFull = listener;
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

  /** Somebody new; what the server had when he came must not be missing from what he sees. */
  visit(signal: AbortSignal): Visit {
    return { signal, commands: 0, cameAt: (this.#order += 1), told: new Set() };
  }

  /** Runs work on a connection, preferably one that has the folder selected. */
  async use<Result>(
    path: string | undefined,
    visit: Visit,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.#onConnection((idle) => idle === path, visit, work);
  }

  async #onConnection<Result>(
    prefers: (selectedPath: string | undefined) => boolean,
    visit: Visit,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    return await unlessAborted(visit.signal, this.#run(prefers, visit, work));
  }

  /** Runs to the end of the work even when nobody waits any more: a command cannot be taken back. */
  async #run<Result>(
    prefers: (selectedPath: string | undefined) => boolean,
    visit: Visit,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    if (this.#state.clock.now() >= this.#narrowUntilMs) this.#places.resize(this.#mostPlaces);
    for (;;) {
      using _place = await this.#places.enter(visit.signal);
      const connection = this.#take(prefers) ?? (await this.#another(visit.signal));
      if (connection !== undefined) return await this.#work(connection, visit, work);
    }
  }

  async #work<Result>(
    connection: ImapConnection,
    visit: Visit,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    const before = connection.commands;
    try {
      // Whoever left while the connection was made begins nothing on it.
      visit.signal.throwIfAborted();
      return await work(connection);
    } catch (error) {
      const broke = error instanceof BackendUnavailable && !connection.usable;
      throw broke ? new ConnectionBroke(error.message, { cause: error }) : error;
    } finally {
      visit.commands += connection.commands - before;
      this.#giveBack(connection);
    }
  }

  /**
   * Runs what only reads: where the connection breaks under it, as one that idled may just when it is used, it is
   * read once more on a new one. Those that idle are let go of, as they may be about to break as well.
   */
  async reading<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ConnectionBroke)) throw error;
      this.#retireAll(this.#idle);
      return await read();
    }
  }

  /** A new connection; undefined where the server lets no more in and one of those that are open must do. */
  async #another(signal: AbortSignal): Promise<ImapConnection | undefined> {
    try {
      return await this.connect(signal);
    } catch (error) {
      if (!(error instanceof TooManyConnections)) throw error;
      const others = this.#places.inside - 1;
      this.#narrowUntilMs = this.#state.clock.now() + narrowMs;
      this.#places.resize(Math.max(1, others));
      if (others > 0 || this.#idle.length > 0) return undefined;
      this.#onFull();
      throw error;
    }
  }

  /**
   * Runs work on a connection that has the folder selected and sees all that a STATUS of any connection has
   * told of it: a view that is older would lack mail that the mark already counts in.
   */
  useSelected<Result>(
    path: string,
    visit: Visit,
    work: (connection: ImapConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.use(path, visit, async (connection) => {
      const askedAt = (this.#order += 1);
      if (connection.selectedPath !== path) await connection.select(path);
      else if (connection.viewAt < this.#neededView(path, visit)) await connection.refresh();
      else return work(connection);
      connection.viewAt = askedAt;
      return work(connection);
    });
  }

  /** Lists folders where no old view answers; whoever had another folder selected under a name lets go of it. */
  async folders(
    visit: Visit,
    list: (connection: ImapConnection) => Promise<readonly RemoteFolder[]>,
  ): Promise<readonly RemoteFolder[]> {
    const listing = async (connection: ImapConnection): Promise<readonly RemoteFolder[]> => {
      await connection.unselect();
      return await list(connection);
    };
    const folders = await this.reading(() => this.use(undefined, visit, listing));
    for (const connection of this.#open.keys()) {
      for (const { path, epoch } of folders) connection.expectEpoch(path, epoch);
    }
    return folders;
  }

  /** Closes idle connections that have a folder open which is about to change its name or to go. */
  letGo(path: string): void {
    this.#retireAll(this.#idle.filter((idle) => hasOpen(idle, path)));
  }

  /** How new a view must be: as any position that was told, and as the visit itself if it asked for none. */
  #neededView(path: string, visit: Visit): number {
    const toldAt = this.#told.get(path)?.at ?? 0;
    return visit.told.has(path) ? toldAt : Math.max(toldAt, visit.cameAt);
  }

  /**
   * Where a folder stands, asked of the server. On a connection that has it selected a STATUS tells what the view
   * has, which may be old (seen on Dovecot): so the view is brought up to date first, and where that stirs
   * nothing the folder stands where it stood.
   */
  position(path: string, visit: Visit): Promise<Position> {
    return this.#onConnection(
      (selected) => selected !== path,
      visit,
      async (connection) => {
        const askedAt = (this.#order += 1);
        const isSelected = connection.selectedPath === path;
        await connection.leaveStrayView();
        if (isSelected) await connection.refresh();
        const standing = isSelected ? connection.standing : undefined;
        const now = standing ?? (await readPosition(connection, path, this.#timeMark()));
        if (isSelected) connection.standAt(now);
        const before = this.#told.get(path);
        const isNews = before === undefined || !isSamePosition(before.position, now);
        if (isNews) this.#told.set(path, { position: now, at: (this.#order += 1) });
        const isOfView = isSelected && connection.statusIsOfView;
        // What another connection was told meanwhile may be newer than this view.
        const wasAlone = (before?.at ?? 0) < askedAt;
        visit.told.add(path);
        if (isOfView) connection.viewAt = wasAlone ? this.#order : askedAt;
        return now;
      },
    );
  }

  #timeMark(): number {
    this.#lastTimeMark = Math.max(this.#lastTimeMark + 1, this.#state.clock.now());
    return this.#lastTimeMark;
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
    connection.unreadable = this.unreadable;
    this.#open.set(connection, clock.now());
    this.#canIdle = connection.has("IDLE");
    connection.onClose(() => this.#forget(connection));
    if (this.closed) connection.drop();
    return connection;
  }

  /** Makes sure that the credential is right: a session of it is open or can be opened. */
  async ensure(signal: AbortSignal): Promise<void> {
    const connections = Array.from(this.#open.keys());
    if (connections.some((connection) => connection.usable && !this.isExpired(connection))) return;
    await this.use(undefined, this.visit(signal), () => Promise.resolve());
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

  #retireAll(idle: readonly Idle[]): void {
    for (const { connection, expiry } of idle.slice()) {
      expiry.cancel();
      this.#retire(connection);
    }
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

/** Also a folder below it, whatever the delimiter: one too many is only opened anew. */
function hasOpen({ connection }: Idle, path: string): boolean {
  return connection.selectedPath?.startsWith(path) === true;
}

/** Frees who waits for work as soon as his signal ends. */
async function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
    // Its failure has nobody to tell any more.
    work.catch(() => undefined);
  }
}
