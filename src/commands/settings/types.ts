import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";

/** A Settings request. */
export type SettingsRequest = RequestOf<"Settings">;

/** A Settings answer. */
export type SettingsResponse = ResponseOf<"Settings">;

/** The Oof element of a request. */
export type AskedOof = NonNullable<SettingsRequest["Oof"]>;

/** The Oof element of an answer. */
export type AnsweredOof = NonNullable<SettingsResponse["Oof"]>;
