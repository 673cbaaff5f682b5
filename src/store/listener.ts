/** The one connection of a process that hears the hints of all gateway processes. */
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "pg";
import type { Log } from "../kit/log.ts";
import { unavailable } from "./errors.ts";
import { listenerProbeMs, maxReconnectPauseMs } from "./limits.ts";

type Hear = (kind: string, id: string) => void;

/** Keeps a connection that listens, from the first listener on, and gets it back when it is lost. */
export class Listener implements AsyncDisposable {
  readonly #makeClient: () => Client;
  readonly #channel: string;
  readonly #log: Log;
  readonly #hearers = new Set<Hear>();
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #started: Promise<void> | undefined;
  #reconnecting: Promise<void> = Promise.resolve();

  constructor(makeClient: () => Client, channel: string, log: Log) {
    this.#makeClient = makeClient;
    this.#channel = channel;
    this.#log = log;
  }

  /** Adds a listener; resolves when hints reach it. Throws `StoreUnavailable`. */
  async add(hear: Hear): Promise<Disposable> {
    this.#started ??= this.#connect();
    try {
      await this.#started;
    } catch (error) {
      this.#started = undefined;
      throw unavailable(error);
    }
    const own: Hear = (kind, id) => hear(kind, id);
    this.#hearers.add(own);
    return { [Symbol.dispose]: () => void this.#hearers.delete(own) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#hearers.clear();
    await this.#reconnecting;
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = this.#makeClient();
    // A client that cannot connect says so by its promise as well.
    client.on("error", (error) =>
      this.#log.debug({ error: error.message }, "Listening connection broke"),
    );
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(this.#channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    client.on("notification", ({ payload }) => this.#tell(payload ?? ""));
    this.#keep(client);
  }

  #keep(client: Client): void {
    const probe = setInterval(() => {
      // An answer that fails or does not come ends the connection, and with it comes the next one.
      client.query("SELECT 1").catch(() => client.end().catch(() => {}));
    }, listenerProbeMs);
    probe.unref();
    client.once("end", () => {
      clearInterval(probe);
      if (this.#closing.signal.aborted) return;
      this.#client = undefined;
      this.#reconnecting = this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    this.#log.warn({}, "Lost the connection that hears hints, getting it back");
    for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, maxReconnectPauseMs)) {
      const connected = await this.#connect().then(
        () => true,
        () => false,
      );
      if (connected) return this.#tell("reconnected:");
      await pause(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  #tell(hint: string): void {
    const colon = hint.indexOf(":");
    if (colon < 0) return this.#log.warn({}, "Heard a hint without a kind");
    for (const hear of this.#hearers) hear(hint.slice(0, colon), hint.slice(colon + 1));
  }
}
