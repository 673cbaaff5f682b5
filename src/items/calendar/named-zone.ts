/** Time zones by their name in the IANA database, from the platform's own data. */
import { Recurring } from "../../kit/recurring.ts";
import { maxRememberedYears, rememberedZones } from "./limits.ts";
import { windowsZoneName } from "./windows-zones.ts";
import { changeAt, yearOf, yearStart, type YearRule, type Zone } from "./zone.ts";

/**
 * The zone of this name; also of names that programs put a path in front of, and of those that Windows has.
 * Undefined when nobody knows it.
 */
export function namedZone(name: string): Zone | undefined {
  const parts = name.split("/").filter((part) => part !== "");
  for (const length of [parts.length, 3, 2]) {
    const zone = length > parts.length ? undefined : zones.of(parts.slice(-length).join("/"));
    if (zone !== undefined) return zone;
  }
  return zones.of(windowsZoneName(name) ?? "");
}

/** Making a clock takes longer than all that is asked of it. */
const zones = new Recurring(makeZone, rememberedZones);

function makeZone(id: string): Zone | undefined {
  const clock = clockOf(id);
  return clock && new NamedZone(id, clock);
}

function clockOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (timeZone === "") return undefined;
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      timeZoneName: "longOffset",
      year: "numeric",
    });
  } catch {
    // RangeError: no such zone.
    return undefined;
  }
}

class NamedZone implements Zone {
  readonly id: string;
  readonly #clock: Intl.DateTimeFormat;
  readonly #rules = new Map<number, YearRule>();

  constructor(id: string, clock: Intl.DateTimeFormat) {
    this.id = id;
    this.#clock = clock;
  }

  offsetAt(wallMs: number): number {
    const guess = this.#minutesAt(wallMs);
    const better = this.#minutesAt(wallMs - guess * 60_000);
    // In the hour that is left out or comes twice, the offset of before the change.
    const last = this.#minutesAt(wallMs - better * 60_000);
    return last === better ? better : guess;
  }

  ruleAt(wallMs: number): YearRule {
    const year = yearOf(wallMs);
    const rule = this.#rules.get(year) ?? this.#ruleIn(year);
    if (this.#rules.size >= maxRememberedYears) this.#rules.clear();
    this.#rules.set(year, rule);
    return rule;
  }

  /** Minutes east of UTC at a moment: "GMT+05:30", or "GMT" alone. */
  #minutesAt(ms: number): number {
    const name = this.#clock.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value;
    const match = /([+-])(\d\d):(\d\d)/.exec(name ?? "");
    if (match === null) return 0;
    return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
  }

  /** With more than two changes (Morocco) or one, no rule can say it: the offset of the year's end. */
  #ruleIn(year: number): YearRule {
    const changes = this.#changesIn(year);
    const [one, other] = changes;
    if (changes.length !== 2 || one === undefined || other === undefined) {
      return { standardMinutes: this.#minutesAt(yearStart(year + 1)) };
    }
    const [begins, ends] = one.after > one.before ? [one, other] : [other, one];
    return {
      standardMinutes: ends.after,
      daylight: {
        minutes: begins.after,
        begins: changeAt(begins.at + begins.before * 60_000),
        ends: changeAt(ends.at + ends.before * 60_000),
      },
    };
  }

  #changesIn(
    year: number,
  ): { readonly at: number; readonly before: number; readonly after: number }[] {
    const changes = [];
    const step = 14 * 86_400_000;
    for (let from = yearStart(year); from < yearStart(year + 1); from += step) {
      const [before, after] = [this.#minutesAt(from), this.#minutesAt(from + step)];
      if (before !== after)
        changes.push({ at: this.#changeBetween(from, from + step), before, after });
    }
    return changes;
  }

  /** The minute of a change that lies between two moments. */
  #changeBetween(from: number, to: number): number {
    const before = this.#minutesAt(from);
    let [low, high] = [from / 60_000, to / 60_000];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#minutesAt(middle * 60_000) === before) low = middle;
      else high = middle;
    }
    return high * 60_000;
  }
}
