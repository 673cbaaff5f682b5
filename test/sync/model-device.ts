/** A device of the model test, and a Sync command as small as can be between it and the sync states. */
import assert from "node:assert/strict";
import {
  type Head,
  InvalidSyncKey,
  type Opened,
  type Operation,
  type Partnership,
  type SyncStates,
  type Uploaded,
  type UploadResult,
} from "../../src/sync/types.ts";
import type { Chance } from "./chance.ts";
import type { Content, ModelServer } from "./model-server.ts";

/** A device's own change of an item that it has. */
export type ItemUpload =
  | { readonly kind: "seen" | "flag"; readonly number: number; readonly value: number }
  | { readonly kind: "labels"; readonly number: number; readonly labels: readonly string[] }
  | { readonly kind: "delete"; readonly number: number };

/** An item that the device made. */
export interface AddUpload extends Content {
  readonly kind: "add";
  readonly clientId: string;
}

export type Upload = ItemUpload | AddUpload;

interface Request {
  readonly key: string;
  readonly uploads: readonly Upload[];
  readonly filterDays: number;
  readonly windowSize: number;
  /** False: only uploads, no server changes (MS-ASCMD 2.2.3.84). */
  readonly getChanges: boolean;
}

interface Command extends Operation {
  readonly content?: Content;
}

interface Response {
  readonly key: string;
  readonly commands: readonly Command[];
  readonly uploads: readonly UploadResult[];
  readonly more: boolean;
  /** Epoch that the key belongs to. */
  readonly epoch: string;
}

const success = 1;

/** Where the way from the device to the server and back breaks. */
export type Fault =
  "none" | "request lost" | "answer lost" | "crash after uploads" | "crash before commit";

class Crash extends Error {}

const masks = { seen: 1, flag: 6 } as const;
const collectionId = "f1";

function versionAfter(upload: ItemUpload, before: number): number {
  if (upload.kind !== "seen" && upload.kind !== "flag") return before;
  const mask = masks[upload.kind];
  return (before & ~mask) | (upload.kind === "seen" ? upload.value & 1 : (upload.value % 3) << 1);
}

function contentAfter(upload: ItemUpload, before: Content): Content {
  if (upload.kind === "labels") return { ...before, labels: upload.labels };
  return { ...before, version: versionAfter(upload, before.version) };
}

function effectOf(upload: ItemUpload): Uploaded {
  const { number } = upload;
  if (upload.kind === "delete") return { number, effect: "remove" };
  const version = (before: number): number => versionAfter(upload, before);
  const labels = upload.kind === "labels" ? { labels: () => upload.labels } : {};
  return { number, effect: "patch", version, ...labels };
}

function same(a: Content | undefined, b: Content | undefined): boolean {
  return a?.version === b?.version && a?.labels.join() === b?.labels.join();
}

/** The gateway of this moment: a restart replaces `states`. */
export interface Gateway {
  states: SyncStates;
  readonly server: ModelServer;
  /** Numbers of items that devices added, by client id: survives a restart, as the table of intents does. */
  readonly intents: Map<string, number>;
  /** The process died in the middle of a request and another one starts. */
  restart(): void;
}

export class ModelDevice {
  readonly partnership: Partnership;
  readonly items = new Map<number, Content>();
  /** Items whose Add was left out of an answer because they had vanished. */
  readonly #leftOut = new Set<number>();
  filterDays = 0;
  key = "0";
  #epoch = "";
  /** Items of which the device may be told once more what it has: a repeat nobody could avoid. */
  readonly #loose = new Set<number>();
  readonly #gateway: Gateway;
  readonly #chance: Chance;
  /** A request whose answer did not come, and what the items were before it. */
  #open: { request: Request; before: Map<number, Content> } | undefined;

  constructor(deviceId: string, gateway: Gateway, chance: Chance, accountId = "1") {
    this.partnership = { accountId, deviceId };
    this.#gateway = gateway;
    this.#chance = chance;
  }

  /** First day inside the device's filter. */
  get sinceDay(): number {
    return this.filterDays === 0 ? 0 : this.#gateway.server.today - this.filterDays;
  }

  /** One Sync. Returns how many commands came, undefined when no answer did. */
  async sync(
    uploads: readonly Upload[],
    windowSize: number,
    fault: Fault = "none",
  ): Promise<number | undefined> {
    const request = this.#request(uploads, windowSize);
    if (fault === "request lost") return undefined;
    const response = await this.#send(request, fault);
    if (response === "reset") {
      this.#reset();
      return 0;
    }
    if (response === undefined || fault === "answer lost") {
      for (const upload of request.uploads)
        if (upload.kind !== "add") this.#loose.add(upload.number);
      return undefined;
    }
    this.#open = undefined;
    this.#apply(request, response);
    return response.commands.length;
  }

  /** Syncs until there is nothing more; fails when that takes for ever. */
  async settle(windowSize: number): Promise<void> {
    this.#revise();
    for (let round = 0; round < 2000; round += 1) {
      const keyBefore = this.key;
      const told = await this.sync([], windowSize);
      if (told === 0 && this.key === keyBefore && this.key !== "0") return;
    }
    assert.fail("the device never came to rest");
  }

  /** Looks as a Ping does; what it says must be what a Sync delivers. */
  async ping(): Promise<void> {
    const { states, server } = this.#gateway;
    // A device that got no answer repeats its Sync first.
    if (this.#open !== undefined || this.key === "0") return;
    const head = await states.peek(this.partnership, collectionId);
    assert.ok(head, "a device with a key has a head");
    const window = { windowSize: 1, sinceDay: this.sinceDay, ageing: false };
    const visible = await this.#visible(head, window);
    const before = new Set(this.items.keys());
    const told = await this.sync([], 50);
    if (visible === true)
      assert.notEqual(told, 0, "a Ping told of a change that Sync does not deliver");
    if (visible !== false || server.interfere !== undefined) return;
    const added = [...this.items.keys()].filter((number) => !before.has(number));
    assert.deepEqual(added, [], "a Ping slept through an arrival");
  }

  /** What the device must have in the end. */
  assertEqualToServer(): void {
    const { server } = this.#gateway;
    const expected = server
      .numbers()
      .filter((number) => (server.get(number)?.day ?? 0) >= this.sinceDay);
    const sorted = (numbers: Iterable<number>): number[] => [...numbers].toSorted((a, b) => a - b);
    assert.deepEqual(sorted(this.items.keys()), sorted(expected), "items on device and server");
    for (const number of expected) {
      const { version, labels } = server.get(number) as Content;
      assert.deepEqual(this.items.get(number), { version, labels }, `content of item ${number}`);
    }
  }

  async #visible(
    head: Head,
    window: Parameters<SyncStates["plan"]>[2],
  ): Promise<boolean | undefined> {
    const { states, server } = this.#gateway;
    try {
      const { operations, next } = await states.plan(head, server, window);
      if (operations.length === 0) await states.touch(head, next);
      return operations.length > 0;
    } catch (error) {
      if (error instanceof InvalidSyncKey) return undefined;
      throw error;
    }
  }

  /** A request that got no answer is repeated as it was, or taken back for another. */
  #request(uploads: readonly Upload[], windowSize: number): Request {
    if (this.#open !== undefined && this.#chance.happens(0.6)) return this.#open.request;
    this.#revise();
    const filterDays = this.filterDays;
    const request = {
      key: this.key,
      uploads: this.key === "0" ? [] : uploads,
      filterDays,
      windowSize,
      getChanges: uploads.length === 0 || this.#chance.happens(0.7),
    };
    this.#open = { request, before: new Map(this.items) };
    for (const upload of request.uploads) {
      if (upload.kind === "add") continue;
      const item = this.items.get(upload.number);
      assert.ok(item, "the model uploads changes of items that it has");
      if (upload.kind === "delete") this.items.delete(upload.number);
      else this.items.set(upload.number, contentAfter(upload, item));
    }
    return request;
  }

  /** The user changed his mind: as if the open request had never been made. */
  #revise(): void {
    if (this.#open === undefined) return;
    this.items.clear();
    for (const [number, content] of this.#open.before) this.items.set(number, content);
    this.#open = undefined;
  }

  async #send(request: Request, fault: Fault): Promise<Response | "reset" | undefined> {
    try {
      return await this.#answer(request, fault);
    } catch (error) {
      if (error instanceof InvalidSyncKey) return "reset";
      if (!(error instanceof Crash)) throw error;
      return undefined;
    }
  }

  #reset(): void {
    assert.notEqual(this.key, "0", "key 0 is always valid");
    assert.notEqual(this.#epoch, this.#gateway.server.epoch, "a key is lost with its epoch alone");
    this.items.clear();
    this.#leftOut.clear();
    this.#loose.clear();
    this.#open = undefined;
    this.key = "0";
  }

  async #answer(request: Request, fault: Fault): Promise<Response> {
    const { states } = this.#gateway;
    const signal = new AbortController().signal;
    const hash = JSON.stringify(request);
    const opened = await states.open(this.partnership, collectionId, request.key, { hash, signal });
    try {
      return await this.#answerOpened(opened, request, fault);
    } catch (error) {
      // A process that died gives nothing back: its lease has to run out.
      if (error instanceof Crash) this.#gateway.restart();
      throw error;
    } finally {
      if (states === this.#gateway.states) await states.release(opened);
    }
  }

  async #answerOpened(opened: Opened, request: Request, fault: Fault): Promise<Response> {
    const { states, server } = this.#gateway;
    if (opened.kind === "initial") this.#leftOut.clear();
    if (opened.kind === "initial" && this.#chance.happens(0.5)) {
      const nothing = { operations: [], uploads: [], more: false };
      return {
        key: await states.commit(opened, opened.head, nothing),
        commands: [],
        uploads: [],
        more: true,
        epoch: "",
      };
    }
    if (opened.answer !== undefined) {
      const { key, more, operations, uploads } = opened.answer;
      const commands = await this.#commands(opened.head, operations);
      return { key, more, uploads, commands, epoch: opened.head.epoch };
    }
    const { head, uploads } = await this.#upload(opened, request);
    if (fault === "crash after uploads") throw new Crash();
    const sinceDay = request.filterDays === 0 ? 0 : server.today - request.filterDays;
    const { windowSize, getChanges } = request;
    const { operations, next, more } = getChanges
      ? await states.plan(head, server, { windowSize, sinceDay })
      : { operations: [], next: head, more: false };
    assert.ok(operations.length <= windowSize, "the window is kept");
    if (fault === "crash before commit") throw new Crash();
    if (operations.length === 0 && request.uploads.length === 0) {
      await states.touch(opened.head, next);
      if (opened.kind !== "initial") {
        return { key: request.key, commands: [], uploads, more, epoch: next.epoch };
      }
    }
    const key = await states.commit(opened, next, { operations, uploads, more });
    return {
      key,
      more,
      uploads,
      commands: await this.#commands(next, operations),
      epoch: next.epoch,
    };
  }

  async #upload(
    { head, applied }: Opened,
    { uploads, filterDays }: Request,
  ): Promise<{ head: Head; uploads: readonly UploadResult[] }> {
    const { states } = this.#gateway;
    const effects: Uploaded[] = [];
    const results: UploadResult[] = [];
    for (const upload of uploads) {
      if (upload.kind === "add") {
        const number = this.#add(upload, applied);
        const { version, labels, clientId } = upload;
        effects.push({ number, effect: "add", version: () => version, labels: () => labels });
        results.push({ kind: "add", clientId, number, status: success });
      } else {
        this.#effect(upload);
        effects.push(effectOf(upload));
      }
    }
    const after = await states.uploaded(head, effects);
    return { head: states.withOptions(after, { filterDays }), uploads: results };
  }

  #effect(upload: ItemUpload): void {
    const { server } = this.#gateway;
    if (upload.kind === "delete") server.expunge([upload.number]);
    else server.change([upload.number], (before) => contentAfter(upload, before));
  }

  /** Once per client id: the lost answer tells, or the intent that was written before the effect. */
  #add({ clientId, version, labels }: AddUpload, applied: readonly UploadResult[]): number {
    const { server, intents } = this.#gateway;
    const done = applied.find((result) => result.clientId === clientId)?.number;
    const intent = intents.get(clientId);
    if (done !== undefined) assert.equal(done, intent, "the lost answer tells what was added");
    const number = intent ?? server.arrive(1, () => ({ version, labels, day: server.today }))[0];
    assert.ok(number !== undefined);
    intents.set(clientId, number);
    return number;
  }

  /** An Add tells the versions that were planned, of an item that is fetched later and may be gone by then. */
  async #commands(head: Head, operations: readonly Operation[]): Promise<Command[]> {
    const { states, server } = this.#gateway;
    const commands: Command[] = [];
    const known = await states.known(
      head,
      operations.map(({ number }) => number),
    );
    for (const operation of operations) {
      const { number, kind } = operation;
      const planned = known.get(number);
      if (kind === "add" && server.get(number) === undefined) this.#leaveOut(number);
      else commands.push(planned === undefined ? operation : { ...operation, content: planned });
    }
    return commands;
  }

  #added({ clientId, version, labels }: AddUpload, results: readonly UploadResult[]): void {
    const number = results.find((result) => result.clientId === clientId)?.number;
    assert.ok(number !== undefined, "each Add of the device is answered");
    // A server that gives a number twice may give one that the device still has: the new item counts.
    this.items.set(number, { version, labels });
  }

  #leaveOut(number: number): void {
    this.#leftOut.add(number);
    this.#gateway.server.retire(number);
  }

  #apply({ key, uploads }: Request, response: Response): void {
    if (key === "0") this.items.clear();
    this.key = response.key;
    this.#epoch = response.epoch;
    for (const upload of uploads) if (upload.kind === "add") this.#added(upload, response.uploads);
    const numbers = response.commands.map(({ number }) => number);
    assert.equal(new Set(numbers).size, numbers.length, "an item occurs once in an answer");
    for (const command of response.commands) this.#carryOut(command);
  }

  #carryOut({ kind, number, content }: Command): void {
    const has = this.items.get(number);
    if (kind === "add") {
      assert.equal(has, undefined, `Add of item ${number} that the device has`);
      this.items.set(number, content as Content);
      return;
    }
    if (kind === "change") {
      assert.ok(has, `Change of item ${number} that the device does not have`);
      const repeats = same(has, content) && !this.#loose.delete(number);
      assert.ok(!repeats, `echo: Change of item ${number} tells what the device has`);
      this.items.set(number, content as Content);
      return;
    }
    const wasTold = has !== undefined || this.#leftOut.has(number);
    assert.ok(wasTold, `${kind} of item ${number} that the device does not have`);
    this.items.delete(number);
    this.#leftOut.delete(number);
  }
}
