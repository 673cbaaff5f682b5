import { pingPage } from "./code-pages/ping.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const watched = v.struct(pingPage, { Id: v.text, Class: v.optional(v.text) });

/** Ping (MS-ASCMD 2.2.1.13). */
export const ping = command("Ping", {
  page: pingPage,
  code: 18,
  request: v.struct(pingPage, {
    HeartbeatInterval: v.optional(v.integer),
    Folders: v.optional(v.struct(pingPage, { Folder: v.list(watched) })),
  }),
  response: v.struct(pingPage, {
    Status: v.integer,
    Folders: v.optional(v.struct(pingPage, { Folder: v.list(v.text) })),
    MaxFolders: v.optional(v.integer),
    HeartbeatInterval: v.optional(v.integer),
  }),
});
