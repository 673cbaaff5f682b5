/** What is asked for and what is answered by one Fetch of an ItemOperations. */
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { Utf8Text, octetsOf } from "../../kit/octets.ts";

/** One operation of the request. */
export type Operation = RequestOf<"ItemOperations">[number];

/** One Fetch of the request. */
export type Fetch = Extract<Operation, { Fetch: unknown }>["Fetch"];

/** What is answered, each kind of operation by itself. */
export type Answers = NonNullable<ResponseOf<"ItemOperations">["Response"]>;

/** Its answer. */
export type Fetched = Answers["Fetch"][number];

/** The content of what was fetched. */
export type Properties = NonNullable<Fetched["Properties"]>;

/** A Fetch that worked. */
export interface Answered {
  readonly Class?: string;
  readonly Properties: Properties;
}

/** How much of an answer a value takes, about. */
export function sizeOf(value: Properties["Data"]): number {
  if (value === undefined) return 0;
  if (typeof value === "string") return value.length;
  return value instanceof Utf8Text ? value.utf8.sizeBytes : octetsOf(value).sizeBytes;
}
