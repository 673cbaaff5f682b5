import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commandScene, type CommandScene } from "../../../test/commands/scene.ts";
import type { Upcoming } from "../../backend.ts";
import { handleSync } from "./handle.ts";

interface Scene extends CommandScene {
  /** What was wished to be read ahead, newest last. */
  readonly wishes: readonly Upcoming[];
}

async function sceneOf(): Promise<Scene> {
  const wishes: Upcoming[] = [];
  const readAhead = async (_id: string, _now: unknown, upcoming: Upcoming): Promise<void> =>
    void wishes.push(upcoming);
  return { ...(await commandScene({ mailbox: () => ({ readAhead }) })), wishes };
}

const dayMs = 86_400_000;

/** One window of two mails of the Inbox, those of the last three days; the key that follows. */
async function sync({ context }: CommandScene, SyncKey: string): Promise<string> {
  const Options = [{ FilterType: 2, BodyPreference: [{ Type: 1, TruncationSize: 100 }] }];
  const Collection = [{ CollectionId: "f1", SyncKey, WindowSize: 2, Options }];
  const answer = await handleSync({ Collections: { Collection } }, context);
  return answer?.Collections?.Collection?.[0]?.SyncKey ?? SyncKey;
}

suite("Reading ahead of a Sync", () => {
  test("A full window of new mail tells which bodies the next one will show, the last one tells nothing", async () => {
    const scene = await sceneOf();
    for (let mail = 0; mail < 5; mail++) scene.deliver();
    const first = await sync(scene, "0");
    assert.equal(scene.wishes.length, 0);
    const second = await sync(scene, first);
    const [wish] = scene.wishes;
    assert.ok(wish);
    assert.deepEqual(wish.range, { low: 1, high: 3 });
    const listed = await scene.context.mailbox.list("f1", [1, 2, 3]);
    // The third would be one too many; what is older than the filter would not be shown.
    const numbersOf = (items: typeof listed): number[] => wish.wanted(items).map((of) => of.number);
    assert.deepEqual(numbersOf(listed), [3, 2]);
    const old = new Date(scene.clock.now() - 4 * dayMs);
    assert.deepEqual(
      numbersOf(listed.map((item) => (item.number === 3 ? { ...item, received: old } : item))),
      [2, 1],
    );
    assert.deepEqual(wish.wanted(listed)[0]?.section, "1");
    const third = await sync(scene, second);
    assert.equal(scene.wishes.length, 2);
    await sync(scene, third);
    assert.equal(scene.wishes.length, 2);
  });

  test("Changes of what a device has are no sign that it will ask for bodies", async () => {
    const scene = await sceneOf();
    const numbers = [1, 2, 3, 4, 5].map(() => scene.deliver());
    let key = await sync(scene, "0");
    for (let window = 0; window < 4; window++) key = await sync(scene, key);
    const before = scene.wishes.length;
    await scene.context.mailbox.setFlags(
      "f1",
      numbers.map((number) => ({ number, seen: true })),
    );
    await sync(scene, key);
    assert.equal(scene.wishes.length, before);
  });
});
