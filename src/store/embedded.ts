/** The database of a gateway that was given none: a real PostgreSQL server, kept in the data directory. */
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../kit/log.ts";
import { type Cluster, databaseName, prepareCluster } from "./embedded/cluster.ts";
import * as limits from "./embedded/limits.ts";
import {
  clusterUrl,
  ensureRunning,
  type Postmaster,
  stopServer,
  watchOver,
} from "./embedded/postmaster.ts";

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
  #running: { readonly postmaster: Postmaster; readonly watch: Disposable | undefined } | undefined;
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
    return this.#running?.postmaster.pid ?? 0;
  }

  urlOf(database: string): string {
    return clusterUrl(this.#cluster, this.#port ?? 0, database);
  }

  async run(signal: AbortSignal): Promise<void> {
    const wanted = { port: this.#port, signal: AbortSignal.any([signal, this.#closing.signal]) };
    const postmaster = await ensureRunning(this.#cluster, this.#settings, wanted);
    const owned = await this.#take(postmaster);
    const { pid, port, adopted, keeper } = postmaster;
    this.#port = port;
    this.#running = { postmaster, watch: owned ? watchOver(pid, this.#cluster) : undefined };
    this.#log.info(
      { pid, adopted, owned, folder: this.#cluster.data },
      "The embedded database runs",
    );
    keeper.once("end", () => {
      if (!this.#closing.signal.aborted) this.#restarting = this.#runAgain();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#restarting;
    const { postmaster, watch } = this.#running ?? {};
    await postmaster?.keeper.end();
    if (postmaster !== undefined && watch !== undefined)
      await stopServer(postmaster.pid, this.#cluster);
    watch?.[Symbol.dispose]();
    this.#running = undefined;
  }

  /** Makes the database where it is missing; true when this process is now the server's owner. */
  async #take({ keeper }: Postmaster): Promise<boolean> {
    const found = await keeper.query("SELECT 1 FROM pg_database WHERE datname = $1", [
      databaseName,
    ]);
    if (found.rowCount === 0) {
      await keeper.query(`CREATE DATABASE ${databaseName}`).catch((error: unknown) => {
        // Another process that starts now made it in between.
        if (!(error instanceof pg.DatabaseError && error.code === "42P04")) throw error;
      });
    }
    const lock = await keeper.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [
      ownerLock,
    ]);
    return lock.rows[0]?.held === true;
  }

  async #runAgain(): Promise<void> {
    this.#log.error({}, "The embedded database ended, starting it again");
    this.#running?.watch?.[Symbol.dispose]();
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

function nextPause(pauseMs: number): number {
  return Math.min(pauseMs * 2, limits.maxRestartPauseMs);
}

/**
 * Starts the PostgreSQL server of a folder, making the folder and the database the first time; adopts the server
 * that a killed process left behind. As root the server runs as an unprivileged user.
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
