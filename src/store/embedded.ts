/** The database of a gateway that was given none: a real PostgreSQL server, kept in the data directory. */
import { setTimeout as pause } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import type { Log } from "../kit/log.ts";
import { type Cluster, databaseName, prepareCluster } from "./embedded/cluster.ts";
import * as limits from "./embedded/limits.ts";
import { clusterUrl, ensureRunning, type Postmaster, stopServer } from "./embedded/postmaster.ts";

/** How to run the embedded server. */
export interface EmbeddedOptions {
  /** Folder that is the server's own: data, socket, password, log. */
  readonly directory: string;
  /** Settings of `postgresql.conf` that differ from ours. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A running embedded server. Disposing of it stops the server, unless another process owns it. */
export interface EmbeddedDatabase extends AsyncDisposable {
  /** What `openDatabase` takes; stays the same when the server is started again. */
  readonly url: string;
  /** The server's process now. */
  readonly pid: number;
  /** Address of another database of the same server. */
  urlOf(database: string): string;
}

// Held by the connection of the process that stops the server when it ends.
const ownerLock = 0x6f776e72;

/** Runs the server of one cluster, and starts it again when it ends unasked. */
class Embedded implements EmbeddedDatabase {
  readonly #cluster: Cluster;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #running: Postmaster | undefined;
  #port: number | undefined;
  #restarting: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, settings: Readonly<Record<string, string>>, log: Log) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#log = log;
  }

  get url(): string {
    return this.urlOf(databaseName);
  }

  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  urlOf(database: string): string {
    return clusterUrl(this.#cluster, this.#port ?? 0, database);
  }

  async run(signal: AbortSignal): Promise<void> {
    const postmaster = await this.#find(AbortSignal.any([signal, this.#closing.signal]));
    const { pid, port, adopted, keeper } = postmaster;
    this.#port = port;
    this.#running = postmaster;
    this.#log.info(
      { pid, guest: adopted, folder: this.#cluster.data },
      "The embedded database runs",
    );
    keeper.once("end", () => {
      if (!this.#closing.signal.aborted) this.#restarting = this.#runAgain();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#restarting;
    const running = this.#running;
    this.#running = undefined;
    await running?.keeper.end();
    if (running?.adopted === false) await stopServer(running.pid, this.#cluster);
  }

  /** The server: started where none runs, started anew when its owner is dead. */
  async #find(signal: AbortSignal): Promise<Postmaster> {
    for (let attempt = 1; ; attempt += 1) {
      const wanted = { port: this.#port, signal };
      const postmaster = await ensureRunning(this.#cluster, this.#settings, wanted);
      const owned = await this.#take(postmaster).catch((error: unknown) => {
        if (attempt === limits.maxStartAttempts) throw error;
        return undefined;
      });
      if (owned !== undefined && owned !== postmaster.adopted) return postmaster;
      await this.#leave(postmaster, owned);
    }
  }

  /** Stops a server whose owner is dead: it may be about to end, or run an older program with other settings. */
  async #leave({ pid, keeper }: Postmaster, owned: boolean | undefined): Promise<void> {
    await keeper.end();
    if (owned !== true) return;
    this.#log.warn({ pid }, "Stops the database server that a killed process left behind");
    await stopServer(pid, this.#cluster);
  }

  /** Makes the database where it is missing; true when no other process that lives owns the server. */
  async #take({ keeper, pid, adopted }: Postmaster): Promise<boolean> {
    try {
      const name = [databaseName];
      const found = await keeper.query("SELECT 1 FROM pg_database WHERE datname = $1", name);
      if (found.rowCount === 0) await createDatabase(keeper);
      const lock = await keeper.query<{ held: boolean }>(
        "SELECT pg_try_advisory_lock($1) AS held",
        [ownerLock],
      );
      return lock.rows[0]?.held === true;
    } catch (error) {
      if (!adopted) await stopServer(pid, this.#cluster);
      throw error;
    }
  }

  async #runAgain(): Promise<void> {
    this.#log.error({}, "The embedded database ended, starting it again");
    this.#running = undefined;
    const { signal } = this.#closing;
    for (let pauseMs = limits.restartPauseMs; !signal.aborted; pauseMs = nextPause(pauseMs)) {
      const started = await this.run(signal).then(
        () => true,
        (error: unknown) => this.#complain(error),
      );
      if (started) return;
      await pause(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  #complain(error: unknown): false {
    const reason = error instanceof Error ? error.message : String(error);
    if (!this.#closing.signal.aborted)
      this.#log.error({ error: reason }, "The embedded database does not start");
    return false;
  }
}

async function createDatabase(keeper: Client): Promise<void> {
  await keeper.query(`CREATE DATABASE ${databaseName}`).catch((error: unknown) => {
    // Another process that starts now made it in between.
    if (!(error instanceof DatabaseError && error.code === "42P04")) throw error;
  });
}

function nextPause(pauseMs: number): number {
  return Math.min(pauseMs * 2, limits.maxRestartPauseMs);
}

/**
 * Starts the PostgreSQL server of a folder, making the folder and the database the first time. A server that a
 * killed process left behind is stopped and started anew; one whose owner lives is used as a guest. As root the
 * server runs as an unprivileged user.
 * Throws `EmbeddedDatabaseFault` with what to do.
 */
export async function startEmbedded(options: EmbeddedOptions, log: Log): Promise<EmbeddedDatabase> {
  const cluster = await prepareCluster(options.directory, log);
  const embedded = new Embedded(cluster, options.settings ?? {}, log);
  try {
    await embedded.run(options.signal ?? new AbortController().signal);
    return embedded;
  } catch (error) {
    await embedded[Symbol.asyncDispose]();
    throw error;
  }
}
