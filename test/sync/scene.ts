/** A small scene for tests of `sync/`: states over rows in memory, a clock that stands still, a partnership. */
import type { HeadRows } from "../../src/sync/rows.ts";
import { syncStatesOver } from "../../src/sync/states.ts";
import type {
  Answer,
  Head,
  Opened,
  Operation,
  Partnership,
  SyncStates,
  Window,
} from "../../src/sync/types.ts";
import { Chance } from "./chance.ts";
import { memoryRows, type MemoryRows } from "./memory-rows.ts";
import { ModelServer, type ServerKind } from "./model-server.ts";
import { StillClock } from "../../src/kit/still-clock.ts";

/** Where `memoryScene` keeps its head. */
export const place = { accountId: "1", deviceId: "1", collectionId: "f1" };
export const nothing: Answer = { operations: [], uploads: [], more: false };

/** Where a scene keeps its heads, and whose they are. */
export interface Stage<Rows extends HeadRows> {
  readonly rows: Rows;
  readonly partnership: Partnership;
}

/** States, their rows and their server. */
export class Scene<Rows extends HeadRows = MemoryRows> {
  readonly rows: Rows;
  readonly partnership: Partnership;
  readonly clock = new StillClock(1_700_000_000_000);
  readonly server: ModelServer;
  states: SyncStates;

  constructor({ rows, partnership }: Stage<Rows>, kind: ServerKind = "qresync", next = 1) {
    this.rows = rows;
    this.partnership = partnership;
    this.server = new ModelServer(kind, new Chance(1), next);
    this.states = this.process();
  }

  /** Another gateway process over the same rows. */
  process(rows: HeadRows = this.rows): SyncStates {
    return syncStatesOver(rows, this.clock);
  }

  /** `count` unread mails of today, or of so many days ago. */
  arrive(count: number, daysAgo = 0): number[] {
    const day = this.server.today - daysAgo;
    return this.server.arrive(count, () => ({ version: 0, labels: [], day }));
  }

  open(key: string, hash = "h", signal = new AbortController().signal): Promise<Opened> {
    return this.states.open(this.partnership, "f1", key, { hash, signal });
  }

  /** The head of the device's current key, or of this one. */
  async peek(key?: string): Promise<Head> {
    const head = await this.states.peek(this.partnership, "f1", key);
    if (head === undefined) throw new Error("the collection was never synced");
    return head;
  }

  plan(head: Head, window: Partial<Window> = {}): Promise<Planned> {
    return this.states.plan(head, this.server, { windowSize: 100, sinceDay: 0, ...window });
  }

  /** One Sync as the command makes it; `key` stays when there was nothing to say. */
  async sync(key: string, window: Partial<Window> = {}, hash = "h"): Promise<Synced> {
    const opened = await this.open(key, hash);
    try {
      const { operations, next, more } = await this.plan(opened.head, window);
      if (operations.length === 0 && opened.kind === "next") {
        await this.states.touch(opened.head, next);
        return { key, operations, more };
      }
      const answer = { operations, uploads: [], more };
      return { key: await this.states.commit(opened, next, answer), operations, more };
    } finally {
      await this.states.release(opened);
    }
  }

  /** Syncs until nothing more is to be told; the key of then. */
  async settled(window: Partial<Window> = {}, key = "0"): Promise<string> {
    let synced = await this.sync(key, window);
    while (synced.operations.length > 0) synced = await this.sync(synced.key, window);
    return synced.key;
  }

  /** What was asked of the server since the last call. */
  asked(): string[] {
    return this.server.asked.splice(0);
  }
}

/** A scene over rows in memory. */
export function memoryScene(kind?: ServerKind, next?: number): Scene {
  return new Scene({ rows: memoryRows(), partnership: place }, kind, next);
}

type Planned = Awaited<ReturnType<SyncStates["plan"]>>;

interface Synced {
  readonly key: string;
  readonly operations: readonly Operation[];
  readonly more: boolean;
}

/** Operations in short: "add 3". */
export function told({ operations }: { readonly operations: readonly Operation[] }): string[] {
  return operations.map(({ kind, number }) => `${kind} ${number}`);
}
