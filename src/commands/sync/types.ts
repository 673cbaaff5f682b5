import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";

/** A Sync request with its defaults filled in. */
export interface SyncRequest {
  readonly collections: readonly AskedCollection[];
  /** How long to hold the answer when nothing changed; undefined: answer at once. */
  readonly waitSeconds: number | undefined;
  /** Most changes of the whole answer (MS-ASCMD 2.2.3.199). */
  readonly windowSize: number;
}

/** A collection of a request. */
export type AskedCollection = NonNullable<
  NonNullable<RequestOf<"Sync">["Collections"]>["Collection"][number]
>;

/** A collection's Options element. */
export type SyncOptions = AskedCollection["Options"][number];

/** What holds for a collection until a request says otherwise. */
export type KeptOptions = SyncOptions & Pick<AskedCollection, "ConversationMode">;

/** A Sync answer. */
export type SyncResponse = ResponseOf<"Sync">;

/** A collection of an answer. */
export type AnsweredCollection = NonNullable<
  NonNullable<SyncResponse["Collections"]>["Collection"][number]
>;

/** One of the client's commands. */
export type ClientCommand = NonNullable<AskedCollection["Commands"]>[number];

/** One of the server's commands. */
export type ServerCommand = NonNullable<AnsweredCollection["Commands"]>[number];

/** What became of a client's command. */
export type CommandResponse = NonNullable<AnsweredCollection["Responses"]>[number];
