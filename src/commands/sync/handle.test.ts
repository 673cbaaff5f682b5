import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  commandScene,
  type CommandScene,
  type Replacements,
} from "../../../test/commands/scene.ts";
import { BackendError, LoginRefused } from "../../backend.ts";
import { KeyTaken, type SyncStates } from "../../sync/types.ts";
import { handleSync } from "./handle.ts";
import type { AnsweredCollection, AskedCollection } from "./types.ts";

type Asked = Partial<AskedCollection>;

/** One Sync; the answered collections by id. */
async function sync(
  { context }: CommandScene,
  asked: readonly (Asked & { readonly CollectionId: string })[],
  whole: { readonly WindowSize?: number; readonly Wait?: number } = {},
): Promise<Readonly<Record<string, AnsweredCollection>>> {
  const Collection = asked.map((one) => ({ SyncKey: "0", Options: [], ...one }));
  const answer = await handleSync({ Collections: { Collection }, ...whole }, context);
  const answered = answer?.Collections?.Collection ?? [];
  return Object.fromEntries(answered.map((one) => [one.CollectionId ?? "", one]));
}

/** The first keys of these collections. */
async function primed(scene: CommandScene, ids: readonly string[]): Promise<string[]> {
  const answers = await sync(
    scene,
    ids.map((CollectionId) => ({ CollectionId })),
  );
  return ids.map((id) => answers[id]?.SyncKey ?? "");
}

function adds(answer: AnsweredCollection | undefined): string[] {
  return (answer?.Commands ?? []).flatMap((one) => ("Add" in one ? [one.Add.ServerId] : []));
}

/** States whose commits find, in these collections, that somebody else answered the key first. */
function takenIn(
  ids: ReadonlySet<string>,
  instead: (states: SyncStates, ...commit: Parameters<SyncStates["commit"]>) => Promise<unknown>,
): Replacements {
  return {
    sync: (states) => ({
      commit: async (opened, next, answer) => {
        if (opened.kind === "initial" || !ids.has(next.collectionId))
          return states.commit(opened, next, answer);
        await instead(states, opened, next, answer);
        throw new KeyTaken("somebody else answered");
      },
    }),
  };
}

suite("Sync: a key that somebody else answers meanwhile", () => {
  test("by the same request is opened once more, and told what the other told", async () => {
    const ids = new Set(["f1"]);
    let key = "";
    const scene = await commandScene(
      takenIn(ids, async (states, ...commit) => {
        ids.clear();
        key = await states.commit(...commit);
      }),
    );
    const [first = "", second = ""] = await primed(scene, ["f1", "f2"]);
    scene.deliver();
    scene.deliver("Drafts");
    const answers = await sync(scene, [
      { CollectionId: "f1", SyncKey: first },
      { CollectionId: "f2", SyncKey: second },
    ]);
    assert.deepEqual([adds(answers["f1"]), answers["f1"]?.SyncKey], [["f1:1"], key]);
    assert.deepEqual(adds(answers["f2"]), ["f2:1"]);
    assert.deepEqual(Object.keys(answers), ["f1", "f2"], "in the order of the request");
  });

  test("twice gets Status 16 under its key; the others are answered", async () => {
    const scene = await commandScene(takenIn(new Set(["f1"]), async () => {}));
    const [first = "", second = ""] = await primed(scene, ["f1", "f2"]);
    scene.deliver();
    scene.deliver("Drafts");
    const answers = await sync(scene, [
      { CollectionId: "f1", SyncKey: first },
      { CollectionId: "f2", SyncKey: second },
    ]);
    assert.deepEqual([answers["f1"]?.Status, answers["f1"]?.SyncKey], [16, first]);
    assert.deepEqual(adds(answers["f2"]), ["f2:1"]);
  });
});

suite("Sync: a device that went one key back", () => {
  test("gets a new key even where it has all, so that a wait looks at what it really has", async () => {
    const scene = await commandScene();
    scene.deliver();
    const [first = ""] = await primed(scene, ["f1"]);
    const told = await sync(scene, [{ CollectionId: "f1", SyncKey: first }]);
    scene.server.expunge("INBOX", 1);
    const again = await sync(scene, [{ CollectionId: "f1", SyncKey: first, WindowSize: 7 }]);
    assert.deepEqual(again["f1"]?.Commands, undefined);
    assert.notEqual(again["f1"]?.SyncKey, told["f1"]?.SyncKey);
    const held = sync(scene, [{ CollectionId: "f1", SyncKey: again["f1"]?.SyncKey ?? "" }], {
      Wait: 1,
    });
    const answered = { yet: false };
    void held.then(() => (answered.yet = true));
    while (scene.context.push.held() === 0 && !answered.yet)
      await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(answered.yet, false, "nothing is visible: it waits");
    scene.clock.advance(60_000);
    assert.deepEqual(await held, {});
  });
});

suite("Sync: the window of the whole request", () => {
  test("is full: a collection with changes says so, one without is left out", async () => {
    const scene = await commandScene();
    const [first = "", second = "", third = ""] = await primed(scene, ["f1", "f2", "f3"]);
    scene.deliver();
    scene.deliver();
    scene.deliver("Drafts");
    const asked = [
      { CollectionId: "f1", SyncKey: first },
      { CollectionId: "f2", SyncKey: second },
      { CollectionId: "f3", SyncKey: third },
    ];
    const answers = await sync(scene, asked, { WindowSize: 2 });
    assert.deepEqual(Object.keys(answers), ["f1", "f2"]);
    assert.equal(answers["f1"]?.MoreAvailable, undefined);
    assert.deepEqual([answers["f2"]?.Commands, answers["f2"]?.MoreAvailable], [undefined, true]);
    const rest = await sync(scene, [{ CollectionId: "f2", SyncKey: answers["f2"]?.SyncKey ?? "" }]);
    assert.deepEqual(adds(rest["f2"]), ["f2:1"]);
  });

  test("is full: the client's commands are carried out all the same", async () => {
    const scene = await commandScene();
    scene.deliver("Drafts");
    const [first = "", second = ""] = await primed(scene, ["f1", "f2"]);
    const before = await sync(scene, [{ CollectionId: "f2", SyncKey: second }]);
    scene.deliver();
    const Commands = [{ Delete: { ServerId: "f2:1" } }];
    await sync(
      scene,
      [
        { CollectionId: "f1", SyncKey: first },
        { CollectionId: "f2", SyncKey: before["f2"]?.SyncKey ?? "", Commands },
      ],
      { WindowSize: 1 },
    );
    assert.equal(scene.server.folderAt("Drafts").mails.size, 0);
  });
});

suite("Sync: a folder that is made anew", () => {
  test("between its position and the look at it gets Status 3, and nothing of it is told before", async () => {
    let isDue = false;
    const scene: CommandScene = await commandScene({
      mailbox: (own) => ({
        feed: async (collectionId) => {
          const feed = await own.feed(collectionId);
          const position = async () => {
            const told = await feed.position();
            if (isDue) scene.server.renumber("INBOX");
            isDue = false;
            return told;
          };
          return {
            position,
            changed: (...asked) => feed.changed(...asked),
            newest: (...asked) => feed.newest(...asked),
            within: (...asked) => feed.within(...asked),
            withinKnown: (...asked) => feed.withinKnown(...asked),
          };
        },
      }),
    });
    scene.deliver();
    for (const rounds of [0, 1]) {
      let [SyncKey = ""] = await primed(scene, ["f1"]);
      for (let round = 0; round < rounds; round++) {
        ({ SyncKey = "" } = (await sync(scene, [{ CollectionId: "f1", SyncKey }]))["f1"] ?? {});
      }
      scene.deliver();
      isDue = true;
      const answers = await sync(scene, [{ CollectionId: "f1", SyncKey }]);
      assert.deepEqual(answers["f1"], {
        Class: "Email",
        CollectionId: "f1",
        SyncKey: "0",
        Status: 3,
      });
    }
    const [SyncKey = ""] = await primed(scene, ["f1"]);
    const answers = await sync(scene, [{ CollectionId: "f1", SyncKey }]);
    assert.equal(adds(answers["f1"]).length, 3);
  });
});

suite("Sync: faults", () => {
  test("of one collection are its own Status; the others are answered", async () => {
    const scene = await commandScene({
      mailbox: (mailbox) => ({
        feed: async (id) => {
          if (id === "f1") throw new BackendError("failed", "broken");
          return mailbox.feed(id);
        },
      }),
    });
    const [first = "", second = ""] = await primed(scene, ["f1", "f2"]);
    scene.deliver("Drafts");
    const answers = await sync(scene, [
      { CollectionId: "f1", SyncKey: first },
      { CollectionId: "f2", SyncKey: second },
    ]);
    assert.deepEqual([answers["f1"]?.Status, answers["f1"]?.SyncKey], [5, first]);
    assert.deepEqual(adds(answers["f2"]), ["f2:1"]);
  });

  test("that last are the Status of what the client sent, and do not stop the folder", async () => {
    for (const [fault, status] of [
      ["not allowed", 6],
      ["over quota", 9],
    ] as const) {
      const refuse = async (): Promise<never> => {
        throw new BackendError(fault, "no");
      };
      const scene = await commandScene({
        mailbox: () => ({ setFlags: refuse, remove: refuse }),
      });
      const [first = ""] = await primed(scene, ["f1"]);
      scene.deliver();
      const ApplicationData = { Email: { Read: true } } as const;
      const Commands = [
        { Change: { ServerId: "f1:7", ApplicationData } },
        { Delete: { ServerId: "f1:8" } },
      ];
      const { f1 } = await sync(scene, [{ CollectionId: "f1", SyncKey: first, Commands }]);
      assert.deepEqual(f1?.Responses, [
        { Change: { ServerId: "f1:7", Status: status } },
        { Delete: { ServerId: "f1:8", Status: status } },
      ]);
      assert.deepEqual(adds(f1), ["f1:1"]);
    }
  });

  test("of the login end the whole request: the device must ask for the new password", async () => {
    const scene = await commandScene({
      mailbox: () => ({
        feed: async () => {
          throw new LoginRefused("changed");
        },
      }),
    });
    const [first = ""] = await primed(scene, ["f1"]);
    await assert.rejects(sync(scene, [{ CollectionId: "f1", SyncKey: first }]), LoginRefused);
    const next = await scene.context.sync.open({ accountId: "1", deviceId: "1" }, "f1", first, {
      hash: "h",
      signal: new AbortController().signal,
    });
    assert.equal(next.kind, "next", "the collection was given back");
    await scene.context.sync.release(next);
  });
});
