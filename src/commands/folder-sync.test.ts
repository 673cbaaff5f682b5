import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene, paths, type Replacements } from "../../test/commands/scene.ts";
import { StatusError } from "../../schemas/status.ts";
import type { Feed } from "../feed.ts";
import type { Folder } from "../mailbox/mailbox.ts";
import { KeyTaken } from "../sync/types.ts";
import { handleFolderSync } from "./folder-sync.ts";

const serials = Object.keys(paths).map((id) => Number(id.slice(1)));

/** The scene's folders as a hierarchy that never changes. */
const hierarchy: Feed = {
  position: async () => ({ epoch: "1", mark: 1n, next: 4, count: 3 }),
  changed: async () => ({ items: [], gone: [] }),
  newest: async (range) => ({
    items: serials.toReversed().map((number) => ({ number, version: 1, day: 0 })),
    reached: range.low,
  }),
  within: async (range) => [range],
  withinKnown: async (known) => known,
};

/** The hierarchy's state, of which the first steps of a kind find that somebody else answered. */
function taken(times: number, step: "open" | "commit" = "commit"): Replacements {
  let left = times;
  const take = (): void => {
    if (left === 0) return;
    left -= 1;
    throw new KeyTaken("somebody else answered");
  };
  return {
    mailbox: (mailbox) => ({
      hierarchy: async () => hierarchy,
      foldersOf: async (numbers) => {
        const found = await Promise.all(numbers.map((number) => mailbox.folder(`f${number}`)));
        return found.filter((folder): folder is Folder => folder !== undefined);
      },
    }),
    sync: (states) => ({
      open: async (...open) => {
        if (step === "open") take();
        return await states.open(...open);
      },
      commit: async (...commit) => {
        if (step === "commit") take();
        return await states.commit(...commit);
      },
    }),
  };
}

test("FolderSync: a key that somebody else answers meanwhile is opened once more", async () => {
  for (const step of ["open", "commit"] as const) {
    const { context } = await commandScene(taken(1, step));
    const answer = await handleFolderSync({ SyncKey: "0" }, context);
    assert.deepEqual(
      answer.Changes?.Add.map(({ ServerId }) => ServerId),
      ["f1", "f2", "f3"],
    );
  }
});

test("FolderSync: a key that is taken twice is Status 6: the device repeats", async () => {
  const { context } = await commandScene(taken(2));
  await assert.rejects(
    handleFolderSync({ SyncKey: "0" }, context),
    (error) => error instanceof StatusError && error.status === 6,
  );
});
