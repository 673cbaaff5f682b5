/** A plan in the making: pure steps from "what is next to be asked" to "what the answer means". */
import type { Changes, FeedItem, NumberRange, Position } from "../feed.ts";
import { type Fields, type HeadState, knownVersionOf } from "./head-state.ts";
import { Known } from "./known.ts";
import { differingBits, intern } from "./labels.ts";
import { exploreLeast, exploreMost, growth, sliceWindows } from "./limits.ts";
import { isAgeingDue, standingOf } from "./plan-start.ts";
import { numbersWithin } from "./ranges.ts";
import { firstBehind, painted, type Segment, type Standing, withLarge } from "./segments.ts";
import type { Expected, Operation, Planned, Window } from "./types.ts";

/** What is to be done next. */
export type Step =
  /** Ask what changed in `range` since `since`; then the numbers of `settles` are right. */
  | {
      readonly kind: "changed";
      readonly range: NumberRange;
      readonly settles: NumberRange;
      readonly since: Standing;
    }
  /** Ask for the newest items of a range that was never looked at, or not since the collection went back. */
  | {
      readonly kind: "explore";
      readonly range: NumberRange;
      readonly settles: NumberRange;
      readonly limit: number;
    }
  /** No item can have a number of this range now: what the device has there is gone. */
  | { readonly kind: "beyond"; readonly settles: NumberRange }
  /** Nor could one have at the segment's standing: only that moves. */
  | { readonly kind: "skip"; readonly settles: NumberRange }
  /** Ask which known items are still inside the FilterType window. */
  | { readonly kind: "age" };

/** An operation that waits for its place in the window, with the item that it tells of. */
interface Candidate extends Operation {
  readonly item?: FeedItem;
}

/** The draft of one plan. */
export class Draft {
  readonly #state: HeadState;
  readonly #window: Window;
  readonly #position: Position;
  readonly #now: Standing;
  readonly #edits: Map<number, number | undefined>;
  readonly #known: Known;
  readonly #operations: Operation[] = [];
  #fields: Fields;
  #more = false;
  /** Numbers that the next slice of a large segment takes. */
  #sliceNumbers: number;
  #exploreLimit: number;

  constructor(state: HeadState, window: Window, position: Position) {
    this.#state = state;
    this.#window = window;
    this.#position = position;
    this.#now = standingOf(position);
    this.#fields = state.fields;
    this.#edits = new Map(state.known.edits);
    this.#known = new Known(state.known.stored, this.#edits);
    this.#sliceNumbers = sliceWindows * Math.max(window.windowSize, 1);
    this.#exploreLimit = firstExploreLimit(window);
  }

  /** What the device has, with the operations so far. */
  get known(): Known {
    return this.#known;
  }

  /** The next step; undefined when the window is full or everything is right. */
  next(): Step | undefined {
    if (this.#more) return undefined;
    const segment = firstBehind(this.#fields.segments, this.#now);
    if (segment !== undefined) return this.#stepFor(segment);
    return isAgeingDue(this.#fields, this.#window) ? { kind: "age" } : undefined;
  }

  /** The answer to "changed". Rows of its items and of what is gone must be loaded. */
  tellChanged(step: Step & { kind: "changed" }, changes: Changes): void {
    const items = changes.items.filter(({ number }) => isInside(step.range, number));
    const named = new Set(items.map(({ number }) => number));
    // What came after the standing is in the answer if it is still there, even where `gone` is made by counting.
    const newer = { low: Math.max(step.range.low, step.since.next), high: step.range.high };
    const gone = numbersWithin(this.#known.numbersIn([...changes.gone, newer]), [step.range]);
    const candidates = this.#judgeAll(items);
    for (const number of gone) if (!named.has(number)) candidates.push({ kind: "delete", number });
    const left = this.#settle(step.settles, candidates);
    this.#sliceNumbers *= candidates.length < this.#window.windowSize ? growth : 1;
    const large = items.length > sliceWindows * this.#window.windowSize;
    if (large && left !== undefined)
      this.#patch({ segments: withLarge(this.#fields.segments, left) });
  }

  /** The answer to "explore". Rows of the numbers that were looked at must be loaded. */
  tellExplored(
    step: Step & { kind: "explore" },
    found: { readonly items: readonly FeedItem[]; readonly reached: number },
  ): void {
    const range = lookedAt(step.range, found.reached);
    const items = found.items.filter(({ number }) => isInside(range, number));
    this.#settle({ low: range.low, high: step.settles.high }, [
      ...this.#judgeAll(items),
      ...this.#missing(range, items),
    ]);
    this.#exploreLimit = Math.min(this.#exploreLimit * growth, exploreMost);
  }

  /** Nothing has these numbers: what the device has there is gone. Its rows must be loaded. */
  tellBeyond(step: Step & { kind: "beyond" }): void {
    this.#settle(step.settles, this.#missing(step.settles, []));
  }

  /** Takes the step that asks nothing. */
  skip(step: Step & { kind: "skip" }): void {
    this.#settle(step.settles, []);
  }

  /** The answer to "age". All rows must be loaded. */
  tellInside(inside: readonly NumberRange[], known: readonly number[]): void {
    const told = new Set(this.#operations.map(({ number }) => number));
    const staying = new Set(numbersWithin(known, inside));
    const outside = known.filter((number) => !staying.has(number) && !told.has(number));
    const candidates = outside.map((number) => ({ kind: "softDelete" as const, number }));
    if (this.#take(candidates) === undefined) this.#patch({ agedDay: this.#window.sinceDay });
  }

  /** The plan. */
  planned(): Planned {
    const edits = this.#operations.length === 0 ? this.#state.known.edits : this.#edits;
    const next = this.#state.with(this.#fields, edits);
    const upcoming = this.#more ? this.#upcoming() : undefined;
    return { operations: this.#operations, next, more: this.#more, upcoming };
  }

  #upcoming(): Expected | undefined {
    const segment = firstBehind(this.#fields.segments, this.#now);
    const step = segment === undefined ? undefined : this.#stepFor(segment);
    if (step?.kind !== "explore") return undefined;
    const limit = firstExploreLimit(this.#window);
    return { position: this.#position, range: step.range, limit };
  }

  #stepFor({ low, high, at, large }: Segment): Step {
    const highest = Math.min(high, this.#now.next - 1);
    const settles = { low, high };
    if (highest < low) return { kind: at === undefined ? "beyond" : "skip", settles };
    if (at === undefined) return this.#exploreStep(settles, highest);
    const from = large ? Math.max(low, highest - this.#sliceNumbers + 1) : low;
    const range = { low: from, high: highest };
    return { kind: "changed", range, settles: { low: from, high }, since: at };
  }

  #exploreStep({ low, high }: NumberRange, highest: number): Step {
    if (high > highest) return { kind: "beyond", settles: { low: highest + 1, high } };
    const range = { low, high };
    return { kind: "explore", range, settles: range, limit: this.#exploreLimit };
  }

  #missing(range: NumberRange, items: readonly FeedItem[]): Candidate[] {
    const there = new Set(items.map(({ number }) => number));
    const numbers = this.#known.numbersIn([range]).filter((number) => !there.has(number));
    return numbers.map((number) => ({ kind: "delete", number }));
  }

  #judgeAll(items: readonly FeedItem[]): Candidate[] {
    return items.flatMap((item) => {
      const kind = this.#judge(item);
      return kind === undefined ? [] : [{ kind, number: item.number, item }];
    });
  }

  /** What the device must be told of an item that is there. */
  #judge(item: FeedItem): Operation["kind"] | undefined {
    const { sinceDay } = this.#window;
    const known = this.#known.get(item.number);
    if (known === undefined) return item.day >= sinceDay ? "add" : undefined;
    // Too old: left to ageing where that is still to come.
    if (item.day < sinceDay) return this.#fields.agedDay < sinceDay ? undefined : "softDelete";
    return knownVersionOf(this.#fields, item) === known ? undefined : "change";
  }

  /** Takes what fits; what is above the first that does not is right as of now. Returns that one's number. */
  #settle(range: NumberRange, candidates: readonly Candidate[]): number | undefined {
    const left = this.#take(candidates);
    const low = left === undefined ? range.low : left + 1;
    if (low <= range.high) {
      this.#patch({
        segments: painted(this.#fields.segments, { low, high: range.high }, this.#now),
      });
    }
    return left;
  }

  #take(candidates: readonly Candidate[]): number | undefined {
    const room = this.#window.windowSize - this.#operations.length;
    const descending = candidates.toSorted((a, b) => b.number - a.number);
    for (const candidate of descending.slice(0, room)) this.#accept(candidate);
    const left = descending[room]?.number;
    this.#more = left !== undefined;
    return left;
  }

  #accept({ kind, number, item }: Candidate): void {
    const before = this.#known.get(number) ?? 0;
    const after = item === undefined || kind === "softDelete" ? undefined : this.#keep(item);
    const isChange = kind === "change" && after !== undefined;
    this.#operations.push(
      isChange ? { kind, number, differs: this.#differs(before, after) } : { kind, number },
    );
    this.#edits.set(number, after);
  }

  #differs(before: number, after: number): number {
    if (!this.#fields.labelled) return (before ^ after) >>> 0;
    return differingBits(this.#fields.labels, before, after);
  }

  #keep({ version, labels }: FeedItem): number {
    if (labels === undefined) return version;
    const interned = intern(this.#fields.labels, version, labels);
    this.#patch({ labels: interned.table, labelled: true });
    return interned.version;
  }

  #patch(fields: Partial<Fields>): void {
    this.#fields = { ...this.#fields, ...fields };
  }
}

/** How many items the first look at a range is to bring: one more than fit tells whether there are more. */
function firstExploreLimit({ windowSize }: Window): number {
  return Math.max(windowSize + 1, exploreLeast);
}

function isInside(range: NumberRange, number: number): boolean {
  return range.low <= number && number <= range.high;
}

/** A feed that looked at nothing would be asked for ever: at least one number counts as looked at. */
function lookedAt(range: NumberRange, reached: number): NumberRange {
  return { low: Math.max(range.low, Math.min(reached, range.high)), high: range.high };
}
