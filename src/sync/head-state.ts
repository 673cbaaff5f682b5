/** The state behind a `Head`: what sync/ knows of a collection on a device, immutable. */
import type { LabelTable } from "./labels.ts";
import { findLabelled, labelsOf, plainVersion } from "./labels.ts";
import { Known, StoredKnown } from "./known.ts";
import type { Place } from "./rows.ts";
import { bounded, type Segment, type Standing, whole } from "./segments.ts";
import type { StoredFields, StoredSegment } from "./stored.ts";
import type { Head } from "./types.ts";

/** The stored generation that a state was read from. */
export interface Origin {
  readonly place: Place;
  readonly counter: number;
  readonly revision: number;
  /**
   * current: the state of the device's key. peeked: the same, read without a lease. other: key 0 or the
   * undone state, which is stored by `commit` alone.
   */
  readonly kind: "current" | "peeked" | "other";
}

/** What a state consists of, beside where it comes from. */
export interface Fields {
  readonly epoch: string;
  readonly options: unknown;
  readonly segments: readonly Segment[];
  /** First day whose items the device has in explored segments; 0: of all days. */
  readonly coverDay: number;
  /** Whether it also has the older items of those items' conversations. */
  readonly withConversations: boolean;
  /** Items before this day have been aged out; lower than `coverDay`: ageing is still to be done. */
  readonly agedDay: number;
  readonly labels: LabelTable;
  /** Whether the feed's versions come with labels (mail). */
  readonly labelled: boolean;
}

const emptyFields: Fields = {
  epoch: "",
  options: undefined,
  segments: whole(undefined),
  coverDay: 0,
  withConversations: false,
  agedDay: 0,
  labels: [],
  labelled: false,
};

/** A head with its inside. */
export class HeadState implements Head {
  readonly origin: Origin;
  readonly fields: Fields;
  readonly known: Known;

  constructor(origin: Origin, fields: Fields, known: Known) {
    this.origin = origin;
    this.fields = fields;
    this.known = known;
  }

  /** The inside of a head. Throws on a head that is not from here. */
  static of(head: Head): HeadState {
    if (head instanceof HeadState) return head;
    throw new TypeError("head was not made by sync/");
  }

  /** The state of key 0. */
  static empty(origin: Origin): HeadState {
    return new HeadState(origin, emptyFields, new Known(new StoredKnown()));
  }

  get collectionId(): string {
    return this.origin.place.collectionId;
  }

  get epoch(): string {
    return this.fields.epoch;
  }

  get options(): unknown {
    return this.fields.options;
  }

  /** The state with some fields (and edits) changed. */
  with(fields: Partial<Fields>, edits = this.known.edits): HeadState {
    const known = edits === this.known.edits ? this.known : new Known(this.known.stored, edits);
    return new HeadState(this.origin, { ...this.fields, ...fields }, known);
  }
}

/** The known version that a feed's item would have; undefined: its labels were never seen. */
export function knownVersionOf(
  fields: Pick<Fields, "labels">,
  item: { readonly version: number; readonly labels?: readonly string[] },
): number | undefined {
  if (item.labels === undefined) return item.version;
  return findLabelled(fields.labels, item.version, item.labels);
}

/** The feed's version and labels of a known version. */
export function feedVersionOf(
  fields: Pick<Fields, "labels" | "labelled">,
  version: number,
): { readonly version: number; readonly labels: readonly string[] } {
  if (!fields.labelled) return { version, labels: [] };
  return { version: plainVersion(version), labels: labelsOf(fields.labels, version) };
}

/** JSON of a state. */
export function toJson(fields: Fields): StoredFields {
  return {
    e: fields.epoch,
    s: bounded(fields.segments).map(toStoredSegment),
    c: fields.coverDay,
    a: fields.agedDay,
    ...(fields.withConversations ? { w: 1 } : {}),
    ...(fields.labels.length > 0 ? { l: fields.labels } : {}),
    ...(fields.labelled ? { m: 1 } : {}),
    ...(fields.options === undefined ? {} : { o: fields.options }),
  };
}

/** The state of a row's JSON. */
export function fromJson(stored: StoredFields): Fields {
  return {
    epoch: stored.e,
    segments: stored.s.map(fromStoredSegment),
    ...daysOf(stored),
    labels: stored.l ?? [],
    labelled: stored.m === 1,
    options: stored.o,
  };
}

/**
 * Eastgate 0.1 took half a day off a window with conversations, which did not always tell whether the device has them:
 * they are explored and aged once more, and what it has is not told again.
 */
function daysOf({
  c,
  a,
  w,
}: StoredFields): Pick<Fields, "coverDay" | "withConversations" | "agedDay"> {
  const isExact = Number.isInteger(c) && Number.isInteger(a);
  return { coverDay: Math.ceil(c), withConversations: w === 1, agedDay: isExact ? a : 0 };
}

function toStoredSegment({ low, high, at, large }: Segment): StoredSegment {
  if (at === undefined) return [low, high];
  const standing = [at.mark.toString(), at.next, at.count];
  return large ? [low, high, ...standing, 1] : [low, high, ...standing];
}

function fromStoredSegment([low, high, ...standing]: StoredSegment): Segment {
  const [mark, next, count, large] = standing;
  if (mark === undefined) return { low, high, at: undefined, large: false };
  const at: Standing = { mark: BigInt(mark), next: Number(next), count: Number(count) };
  return { low, high, at, large: large === 1 };
}
