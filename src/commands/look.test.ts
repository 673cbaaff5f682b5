import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene, type CommandScene } from "../../test/commands/scene.ts";
import { BackendError, BackendUnavailable, LoginRefused, type BackendFault } from "../backend.ts";
import type { Feed } from "../feed.ts";
import { hierarchyId, Looks } from "./look.ts";

/** A scene whose first folder cannot be read. */
async function broken(error: Error): Promise<CommandScene> {
  return await commandScene({
    mailbox: (mailbox) => ({
      feed: async (id): Promise<Feed> => {
        if (id === "f1") throw error;
        return mailbox.feed(id);
      },
      hierarchy: async () => {
        throw error;
      },
    }),
  });
}

for (const fault of ["failed", "not allowed", "over quota"] as const satisfies BackendFault[]) {
  test(`Look: a folder that cannot be read (${fault}) is logged and keeps no other from being waited for`, async () => {
    const scene = await broken(new BackendError(fault, "no"));
    const looks = new Looks(scene.context);
    assert.equal(await looks.look("f1"), false);
    assert.equal(await looks.look(undefined), false);
    const folders = scene.logged.map(({ fields }) => Reflect.get(fields, "collectionId"));
    assert.deepEqual(folders, ["f1", hierarchyId]);
    assert.equal(await looks.look("f2"), false);
    scene.deliver("Drafts");
    assert.equal(await looks.look("f2"), true);
  });
}

test("Look: a folder that is gone is news: the Sync that follows says Status 12", async () => {
  const scene = await broken(new BackendError("no such folder", "gone"));
  assert.equal(await new Looks(scene.context).look("f1"), true);
});

test("Look: a server out of reach and a refused login end the wait", async () => {
  for (const error of [new BackendUnavailable("away"), new LoginRefused("changed")]) {
    const scene = await broken(error);
    await assert.rejects(new Looks(scene.context).look("f1"), error);
  }
});

test("Look: a connection that breaks once is no fault of the wait", async () => {
  let breaks = 1;
  const scene = await commandScene({
    mailbox: (mailbox) => ({
      feed: async (id): Promise<Feed> => {
        if (breaks-- > 0) throw new BackendUnavailable("broke off");
        return mailbox.feed(id);
      },
    }),
  });
  const looks = new Looks(scene.context);
  assert.equal(await looks.look("f1"), false);
  scene.deliver();
  assert.equal(await looks.look("f1"), true);
});
