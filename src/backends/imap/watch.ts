/** Which folders of an account are watched how, shared by all devices of the account in this process. */
import { BackendUnavailable, type LoginRefused, type WatchEvent } from "../../backend.ts";
import type { Position } from "../../feed.ts";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { narrowMs, statusPollMs, watcherLingerMs } from "./limits.ts";
import type { Pool } from "./pool.ts";
import { isNoSuchFolder, Watcher } from "./watcher.ts";

/** Folders that somebody waits for, most important first, and how to tell him. */
interface Subscription {
  readonly paths: readonly string[];
  readonly listener: (event: WatchEvent) => void;
}

/** The watchers of one account. */
export class Watches implements Disposable {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #most: number;
  /** What the server let in, until it is asked for more again. */
  #narrow = { places: 0, untilMs: 0 };
  readonly #subscriptions = new Set<Subscription>();
  readonly #watchers = new Map<string, Watcher>();
  /** Watchers that nobody needs now; kept, as phones ping again at once. */
  readonly #lingering = new Map<string, Timer>();
  readonly #polled = new Map<string, Position>();
  #poll: Timer | undefined;
  readonly #over = new AbortController();

  /** `places`: folders that may have a connection of their own, if the server has IDLE. */
  constructor(
    pool: Pool,
    { clock, log, places }: { readonly clock: Clock; readonly log: Log; readonly places: number },
  ) {
    this.#pool = pool;
    this.#clock = clock;
    this.#log = log;
    this.#most = places;
    pool.onFull(() => this.#narrowTo(0));
  }

  /** A server without IDLE would have to be asked on each connection: then all folders share the poll. */
  get #places(): number {
    if (!this.#pool.canIdle) return 0;
    const { places, untilMs } = this.#narrow;
    return this.#clock.now() < untilMs ? Math.min(places, this.#most) : this.#most;
  }

  /** The server lets the account have no more connections: the other folders are asked each minute. */
  #narrowTo(places: number): void {
    this.#narrow = { places, untilMs: this.#clock.now() + narrowMs };
    this.#arrange();
  }

  /** Tells the listener of hints for these folders until disposed of. */
  subscribe(paths: readonly string[], listener: (event: WatchEvent) => void): Disposable {
    const subscription = { paths, listener };
    this.#subscriptions.add(subscription);
    this.#arrange();
    return {
      [Symbol.dispose]: () => {
        if (this.#subscriptions.delete(subscription)) this.#arrange();
      },
    };
  }

  /** Gives the most wanted folders an IDLE each and the others a place in the poll. */
  #arrange(): void {
    const wanted = this.#wanted();
    const watched = new Set(wanted.slice(0, this.#places));
    for (const path of watched) this.#watch(path);
    for (const path of this.#watchers.keys()) if (!watched.has(path)) this.#linger(path);
    this.#endSurplus();
    const rest = wanted.slice(this.#places);
    for (const path of this.#polled.keys()) if (!rest.includes(path)) this.#polled.delete(path);
    if (rest.length === 0) this.#poll?.cancel();
    else if (this.#poll === undefined) this.#schedulePoll();
    if (rest.length === 0) this.#poll = undefined;
  }

  /** INBOX first, then by the order in which the devices named them. */
  #wanted(): readonly string[] {
    const paths = [...this.#subscriptions].flatMap((subscription) =>
      subscription.paths.map((path, rank) => ({ path, rank })),
    );
    const ranked = paths.toSorted((one, other) => one.rank - other.rank).map(({ path }) => path);
    const inbox = ranked.filter((path) => path.toUpperCase() === "INBOX");
    return [...new Set([...inbox, ...ranked])];
  }

  #watch(path: string): void {
    this.#lingering.get(path)?.cancel();
    this.#lingering.delete(path);
    const watcher = this.#watchers.get(path);
    if (watcher !== undefined) return watcher.wake();
    const hear = (event: WatchEvent): void => this.#tell(event);
    const refused = (error: LoginRefused): void => {
      this.#pool.close(error);
      this.#wakeAll();
    };
    const full = (): void => {
      const inOrSoon = [...this.#watchers.values()].filter(({ isOpen }) => isOpen);
      this.#narrowTo(inOrSoon.length);
    };
    const account = { pool: this.#pool, clock: this.#clock, log: this.#log, hear, refused, full };
    this.#watchers.set(path, new Watcher(path, account));
  }

  /** A watcher that nobody needs stays a while. */
  #linger(path: string): void {
    if (this.#lingering.has(path)) return;
    this.#lingering.set(
      path,
      this.#clock.after(watcherLingerMs, () => this.#end(path)),
    );
  }

  /** Those that only linger make room, the oldest first. */
  #endSurplus(): void {
    for (const path of Array.from(this.#lingering.keys())) {
      if (this.#watchers.size <= this.#places) return;
      this.#end(path);
    }
  }

  #end(path: string): void {
    this.#lingering.get(path)?.cancel();
    this.#lingering.delete(path);
    this.#watchers.get(path)?.[Symbol.dispose]();
    this.#watchers.delete(path);
  }

  #tell(event: WatchEvent): void {
    for (const { paths, listener } of this.#subscriptions) {
      if (paths.includes(event.path)) listener(event);
    }
  }

  /** The pool is closed: held requests look, meet that, and end with 401 or 503. */
  #wakeAll(): void {
    for (const { paths, listener } of this.#subscriptions) {
      for (const path of paths) listener({ path, kind: "arrival" });
    }
  }

  #schedulePoll(): void {
    this.#poll = this.#clock.after(statusPollMs, () => {
      void this.#pollAll().then(() => {
        if (this.#poll !== undefined) this.#schedulePoll();
      });
    });
  }

  async #pollAll(): Promise<void> {
    for (const path of this.#wanted().slice(this.#places)) {
      try {
        await this.#pollOne(path);
      } catch (error) {
        this.#log.debug({ path, err: error }, "a folder cannot be polled now");
        if (isNoSuchFolder(error)) this.#tell({ path, kind: "arrival" });
      }
    }
  }

  async #pollOne(path: string): Promise<void> {
    const now = await this.#pool.position(path, this.#pool.visit(this.#over.signal));
    const before = this.#polled.get(path);
    this.#polled.set(path, now);
    if (before === undefined || now.epoch !== before.epoch || now.next !== before.next) {
      this.#tell({ path, kind: "arrival" });
    } else if (now.mark !== before.mark || now.count !== before.count) {
      this.#tell({ path, kind: "change" });
    }
  }

  [Symbol.dispose](): void {
    this.#over.abort(new BackendUnavailable("watching has ended"));
    this.#poll?.cancel();
    this.#poll = undefined;
    for (const path of Array.from(this.#watchers.keys())) this.#end(path);
    this.#wakeAll();
    this.#subscriptions.clear();
  }
}
