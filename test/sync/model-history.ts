/** One random history: two devices, others, faults, restarts; at the end everything is equal. */
import { syncStatesOver } from "../../src/sync/states.ts";
import type { HeadRows } from "../../src/sync/rows.ts";
import type { Partnership } from "../../src/sync/types.ts";
import { Chance } from "./chance.ts";
import { type Fault, type Gateway, ModelDevice, type Upload } from "./model-device.ts";
import { type Content, ModelServer, type ServerKind } from "./model-server.ts";
import { StillClock } from "../../src/kit/still-clock.ts";

const dayMs = 86_400_000;
const kinds: readonly ServerKind[] = ["qresync", "naming", "counting", "forgetful"];
const faults: readonly Fault[] = [
  "request lost",
  "answer lost",
  "crash after uploads",
  "crash before commit",
];
const labelSets: readonly (readonly string[])[] = [[], ["red"], ["blue"], ["blue", "red"]];

/** Steps of a history: about so many make rare combinations meet. */
const stepsLeast = 25;
const stepsMost = 70;

class History {
  readonly #chance: Chance;
  readonly #clock = new StillClock(20_000 * dayMs);
  readonly #server: ModelServer;
  readonly #gateway: Gateway;
  readonly #devices: readonly ModelDevice[];
  #clientIds = 0;

  constructor(seed: number, rows: HeadRows, partnerships: readonly Partnership[]) {
    const chance = new Chance(seed);
    const server = new ModelServer(chance.one(kinds), chance, chance.one([1, 1, 2040, 70_000]));
    const clock = this.#clock;
    const gateway: Gateway = {
      server,
      intents: new Map(),
      states: syncStatesOver(rows, clock),
      restart() {
        clock.forget();
        clock.advance(31_000);
        gateway.states = syncStatesOver(rows, clock);
      },
    };
    this.#chance = chance;
    this.#server = server;
    this.#gateway = gateway;
    this.#devices = partnerships.map(
      ({ deviceId, accountId }) => new ModelDevice(deviceId, gateway, chance, accountId),
    );
  }

  async run(): Promise<void> {
    this.#arrive(this.#chance.between(0, 60));
    const steps = this.#chance.between(stepsLeast, stepsMost);
    for (let step = 0; step < steps; step += 1) await this.#step();
    this.#server.interfere = undefined;
    for (const device of this.#devices) await device.settle(this.#chance.one([1, 7, 100]));
    for (const device of this.#devices) device.assertEqualToServer();
  }

  async #step(): Promise<void> {
    const chance = this.#chance;
    const roll = chance.fraction();
    if (roll < 0.4) return this.#sync();
    if (roll < 0.48) return chance.one(this.#devices).ping();
    if (roll < 0.5) return this.#gateway.restart();
    if (roll < 0.53) return this.#passDays();
    if (roll < 0.57) return this.#refilter();
    if (roll < 0.9) return this.#othersAct();
    return this.#serverMisbehaves();
  }

  async #sync(): Promise<void> {
    const chance = this.#chance;
    const device = chance.one(this.#devices);
    const fault = chance.happens(0.35) ? chance.one(faults) : "none";
    this.#server.interfere = chance.happens(0.2) ? () => this.#othersAct() : undefined;
    const uploads = chance.happens(0.4) ? this.#uploadsOf(device) : [];
    await device.sync(uploads, chance.one([1, 3, 10, 100]), fault);
    this.#server.interfere = undefined;
  }

  #uploadsOf(device: ModelDevice): Upload[] {
    const changes = this.#chance.some([...device.items.keys()], 3);
    const uploads = changes.map((number) => this.#upload(number));
    if (this.#chance.happens(0.7)) return uploads;
    this.#clientIds += 1;
    return [...uploads, { kind: "add", clientId: `c${this.#clientIds}`, ...this.#content() }];
  }

  #upload(number: number): Upload {
    const chance = this.#chance;
    const kind = chance.one(["seen", "flag", "labels", "delete"] as const);
    if (kind === "delete") return { kind, number };
    if (kind === "labels") return { kind, number, labels: chance.one(labelSets) };
    return { kind, number, value: chance.between(0, 2) };
  }

  #othersAct(): void {
    const chance = this.#chance;
    const server = this.#server;
    const some = chance.some(server.numbers(), 8);
    const roll = chance.fraction();
    if (roll < 0.35) this.#arrive(chance.one([1, 1, 2, 40]));
    else if (roll < 0.6) server.change(some, () => this.#content());
    else if (roll < 0.7) server.change(server.numbers(), ({ labels }) => ({ labels, version: 1 }));
    else if (roll < 0.8) server.change(some, (before) => before);
    else if (roll < 0.95) server.expunge(some);
    else server.bump();
  }

  #serverMisbehaves(): void {
    const chance = this.#chance;
    const server = this.#server;
    const roll = chance.fraction();
    if (roll < 0.25) server.backUp();
    else if (roll < 0.45) server.restore();
    else if (roll < 0.7) server.skipNumbers(chance.one([1, 50, 5000]));
    else if (roll < 0.9) server.reuseNumbers();
    else server.renumber();
  }

  #arrive(count: number): void {
    const oldest = this.#chance.one([0, 0, 10, 40]);
    this.#server.arrive(count, () => ({
      ...this.#content(),
      day: this.#server.today - this.#chance.between(0, oldest),
    }));
  }

  #content(): Content {
    return { version: this.#chance.between(0, 31), labels: this.#chance.one(labelSets) };
  }

  #passDays(): void {
    const days = this.#chance.between(1, 3);
    this.#server.today += days;
    this.#clock.advance(days * dayMs);
  }

  #refilter(): void {
    this.#chance.one(this.#devices).filterDays = this.#chance.one([0, 1, 3, 7, 30]);
  }
}

/** Runs the history of a seed over these rows. Throws with the seed when it does not end well. */
export async function runHistory(
  seed: number,
  rows: HeadRows,
  partnerships: readonly Partnership[],
): Promise<void> {
  try {
    await new History(seed, rows, partnerships).run();
  } catch (error) {
    throw new Error(`history of seed ${seed}: ${String(error)}`, { cause: error });
  }
}
