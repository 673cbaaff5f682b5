/** One random history of a mailbox: two devices, other clients, lost answers, repeats, restarts; at the end all are equal. */
import assert from "node:assert/strict";
import type { StoredFolder, StoredMail } from "../../src/backends/memory/mailbox.ts";
import { Chance } from "../sync/chance.ts";
import { ModelDevice } from "./device.ts";
import { DraftBook } from "./draft-book.ts";
import { bySubject, type ShownMail } from "./messages.ts";
import { subjectOf, World, type ModelGateway } from "./world.ts";

/** Steps of a history: about so many make rare combinations meet. */
const stepsLeast = 25;
const stepsMost = 50;

/** How long a step takes. */
const stepMs = 2_000;

/** A new folder may lie this deep. */
const deepest = 3;

class History {
  readonly #chance: Chance;
  readonly #world: World;
  readonly #devices: readonly ModelDevice[];

  constructor(gateway: ModelGateway, seed: number) {
    this.#chance = new Chance(seed);
    this.#world = new World(gateway, `history${seed}@example.test`);
    this.#world.server.movesAtOnce = this.#chance.happens(0.7);
    const book = new DraftBook(this.#world);
    this.#devices = [1, 2].map(() => new ModelDevice(this.#world, this.#chance, book));
  }

  async run(): Promise<void> {
    for (let count = 0; count < 6; count++) this.#world.deliver("INBOX");
    for (const device of this.#devices) await device.settle();
    const steps = this.#chance.between(stepsLeast, stepsMost);
    for (let step = 0; step < steps; step++) await this.#step();
    for (const device of this.#devices) await device.settle();
    this.#world.check();
    for (const device of this.#devices) {
      assert.deepEqual(device.shown(), this.#served());
      await device.assertQuiet();
    }
  }

  end(): void {
    for (const { phone } of this.#devices) phone[Symbol.dispose]();
  }

  async #step(): Promise<void> {
    const chance = this.#chance;
    this.#world.gateway.clock.advance(stepMs);
    const device = chance.one(this.#devices);
    const between = () => this.#between(device);
    const roll = chance.fraction();
    if (roll < 0.45) await device.sync(between);
    else if (roll < 0.57) await device.move(between);
    else if (roll < 0.67) await device.changeFolder(between);
    else if (roll < 0.69) await device.empty();
    else if (roll < 0.74) await device.folderSync();
    else if (roll < 0.745) await this.#restart();
    else await this.#othersAct();
  }

  /** Before a request is repeated others may do something. */
  async #between(device: ModelDevice): Promise<void> {
    const chance = this.#chance;
    const others = this.#devices.filter((each) => each !== device);
    if (chance.happens(0.3)) await this.#othersAct();
    if (chance.happens(0.2)) await chance.one(others).sync(async () => {});
    if (chance.happens(0.1)) await chance.one(others).move(async () => {});
  }

  async #restart(): Promise<void> {
    await this.#world.gateway.restart();
    for (const { phone } of this.#devices) phone.moveTo(this.#world.gateway.url);
  }

  async #othersAct(): Promise<void> {
    const roll = this.#chance.fraction();
    if (roll < 0.3) this.#world.deliver(this.#anyFolder().path);
    else if (roll < 0.75) this.#actOnMails(roll);
    else await this.#world.losingFolders(async () => this.#actOnFolders(roll));
  }

  /** Drafts are written by the devices alone. */
  #anyFolder(): StoredFolder {
    return this.#chance.one(this.#world.folders().filter(({ type }) => type !== "drafts"));
  }

  #actOnMails(roll: number): void {
    const chance = this.#chance;
    const { server } = this.#world;
    const { path, mails } = this.#anyFolder();
    for (const mail of chance.some([...mails.values()], 3)) {
      const { number, mime } = mail;
      if (roll < 0.45) server.flag(path, number, { seen: chance.happens(0.5) });
      else if (roll < 0.52) server.flag(path, number, { flagStatus: chance.one([0, 2]) });
      else if (roll < 0.57) server.flag(path, number, { categories: chance.one([[], ["Home"]]) });
      else if (roll < 0.6) server.touch(path, number);
      else if (roll < 0.68) server.move(path, number, this.#anyFolder().path);
      else {
        server.expunge(path, number);
        this.#world.gone(subjectOf(mime));
      }
    }
  }

  #actOnFolders(roll: number): void {
    const chance = this.#chance;
    const { server } = this.#world;
    const made = this.#world.userFolders();
    const name = chance.one(["Plans", "Invoices", "Old"]);
    const parents = ["", ...made.map(({ path }) => path)];
    const path = server.childPath(chance.one(parents), name);
    if (roll < 0.85 || made.length === 0) {
      if (path.split("/").length <= deepest) server.create(path);
      return;
    }
    const chosen = chance.one(made).path;
    if (roll < 0.93) {
      const isInside = path === chosen || path.startsWith(`${chosen}/`);
      if (!isInside && !server.folders.has(path)) server.rename(chosen, path);
    } else if (roll < 0.97) server.delete(chosen);
    else server.renumber(this.#anyFolder().path);
  }

  #served(): Record<string, readonly ShownMail[]> {
    return Object.fromEntries(
      [...this.#world.server.folders.values()].map(({ path, selectable, mails }) => {
        const shown = selectable ? [...mails.values()].map(shownOf) : [];
        return [path, shown.toSorted(bySubject)];
      }),
    );
  }
}

function shownOf({ mime, flags }: StoredMail): ShownMail {
  const { seen, flagStatus, categories } = flags;
  return { subject: subjectOf(mime), read: seen, flag: flagStatus, categories: [...categories] };
}

/** Runs the history of a seed. Throws with the seed when it does not end well. */
export async function runMailboxHistory(gateway: ModelGateway, seed: number): Promise<void> {
  const history = new History(gateway, seed);
  try {
    await history.run();
  } catch (error) {
    throw new Error(`history of seed ${seed}: ${String(error)}`, { cause: error });
  } finally {
    history.end();
  }
}
