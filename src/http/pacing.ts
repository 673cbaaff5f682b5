/** How often a device may ask for what brings it nothing: one that does so over and over is answered more slowly. */
import type { CommandName } from "../../schemas/commands.ts";
import { untilAborted } from "../kit/abort.ts";
import { BoundedMap } from "../kit/bounded-map.ts";
import type { Clock } from "../kit/clock.ts";
import { longestPauseMs, maxPacedDevices, requestSpacingMs } from "./limits.ts";
import type { Outgoing } from "./outgoing.ts";

/** Commands that no device needs once a second, whatever they bring. Ping has a pace of its own. */
const seldom: ReadonlySet<string> = new Set<CommandName>([
  "FolderSync",
  "GetItemEstimate",
  "Provision",
  "Settings",
]);

/** What the devices of a process asked for of late. */
export class Pacing {
  readonly #clock: Clock;
  readonly #freeMs: number;
  /** When a device would be at rest had each of its requests for nothing taken `requestSpacingMs`. */
  readonly #restAt: BoundedMap<string, number>;

  /** With 0 free requests nobody is ever paced. */
  constructor(clock: Clock, freeRequests: number) {
    this.#clock = clock;
    this.#freeMs = freeRequests === 0 ? Infinity : freeRequests * requestSpacingMs;
    this.#restAt = new BoundedMap(clock, maxPacedDevices);
  }

  /** Resolves when the device may go on, at once for all but those that loop. Rejects with the signal's reason. */
  async turn(deviceId: string, signal: AbortSignal): Promise<void> {
    const over = (this.#restAt.get(deviceId) ?? 0) - this.#freeMs - this.#clock.now();
    if (over <= 0) return;
    const turn = Promise.withResolvers<void>();
    using _timer = this.#clock.after(Math.min(over, longestPauseMs), turn.resolve);
    await untilAborted(turn.promise, signal);
  }

  /** Counts an answer that brought the device nothing. */
  note(deviceId: string, command: string, answer: Outgoing): void {
    if (!bringsNothing(command, answer)) return;
    const now = this.#clock.now();
    const restAt = Math.max(now, this.#restAt.get(deviceId) ?? now) + requestSpacingMs;
    const latest = now + this.#freeMs + longestPauseMs;
    this.#restAt.set(deviceId, Math.min(restAt, latest), restAt - now);
  }
}

function bringsNothing(command: string, { http, status = 1, body }: Outgoing): boolean {
  if (command === "Ping") return false;
  if (http >= 400 || status !== 1) return true;
  return seldom.has(command) || (command === "Sync" && body === undefined);
}
