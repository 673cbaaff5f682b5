import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene } from "../../test/commands/scene.ts";
import { StatusError } from "../../schemas/status.ts";
import { BackendUnavailable } from "../backend.ts";
import { handleGetItemEstimate } from "./get-item-estimate.ts";
import { maxCollections } from "./limits.ts";
import { handleSync } from "./sync/handle.ts";

const asked = (CollectionId: string, SyncKey: string) => ({ CollectionId, SyncKey, Options: [] });

test("GetItemEstimate: a collection that fails has its own Status, the others are counted", async () => {
  const scene = await commandScene({
    mailbox: (mailbox) => ({
      feed: async (id) => {
        if (id === "f2") throw new TypeError("a bug");
        if (id === "f3") throw new BackendUnavailable("away");
        return mailbox.feed(id);
      },
    }),
  });
  const Collection = ["f1", "f2", "f3"].map((id) => asked(id, "0"));
  const primed = await handleSync({ Collections: { Collection } }, scene.context);
  const keys = (primed?.Collections?.Collection ?? []).map(({ SyncKey = "" }) => SyncKey);
  scene.deliver();
  const [first = "", second = "", third = ""] = keys;
  const Collections = {
    Collection: [asked("f1", first), asked("f2", second), asked("f9", first), asked("f2", "0")],
  };
  const { Response } = await handleGetItemEstimate({ Collections }, scene.context);
  assert.deepEqual(
    Response.map(({ Status, Collection: counted }) => [Status, counted?.Estimate]),
    [
      [1, 1],
      [110, undefined],
      [2, undefined],
      [3, undefined],
    ],
  );
  const away = { Collections: { Collection: [asked("f3", third)] } };
  await assert.rejects(handleGetItemEstimate(away, scene.context), BackendUnavailable);
});

test("GetItemEstimate: more collections than are answered at once are Status 103", async () => {
  const { context } = await commandScene();
  const Collection = Array.from({ length: maxCollections + 1 }, () => asked("f1", "0"));
  await assert.rejects(
    handleGetItemEstimate({ Collections: { Collection } }, context),
    (error) => error instanceof StatusError && error.status === 103,
  );
});
