/** What is asked for and what is answered by one Fetch of an ItemOperations. */
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";

/** One Fetch of the request. */
export type Fetch = RequestOf<"ItemOperations">["Fetch"][number];

/** Its answer. */
export type Fetched = NonNullable<ResponseOf<"ItemOperations">["Response"]>["Fetch"][number];

/** The content of what was fetched. */
export type Properties = NonNullable<Fetched["Properties"]>;

/** A Fetch that worked. */
export interface Answered {
  readonly Class?: string;
  readonly Properties: Properties;
}
