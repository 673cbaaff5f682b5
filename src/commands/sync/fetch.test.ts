import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene, type CommandScene } from "../../../test/commands/scene.ts";
import { handleSync } from "./handle.ts";

/** A mail whose MIME is so large, in lines as mails have them. */
function large(megabytes: number): Buffer {
  const line = `${"x".repeat(70)}\r\n`;
  const body = line.repeat((megabytes * 1024 * 1024) / line.length);
  return Buffer.from(`Message-ID: <${megabytes}@x>\r\nSubject: large\r\n\r\n${body}`);
}

const mime = { MIMESupport: 2, BodyPreference: [{ Type: 4 }] };

async function sync({ context }: CommandScene, SyncKey: string, Commands?: object[]) {
  const asked = {
    SyncKey,
    CollectionId: "f1",
    Options: [mime],
    ...(Commands === undefined ? {} : { Commands }),
  };
  const request = { Collections: { Collection: [asked] } };
  const answer = await handleSync(request as Parameters<typeof handleSync>[0], context);
  const [collection] = answer?.Collections?.Collection ?? [];
  assert.ok(collection);
  return collection;
}

test("Sync: mails that one answer has no room for come with the next, each once", async () => {
  const scene = await commandScene();
  for (let count = 0; count < 3; count++) scene.server.deliver(large(5));
  let { SyncKey = "0" } = await sync(scene, "0");
  const told: string[] = [];
  for (let more: true | undefined = true; more;) {
    const answer = await sync(scene, SyncKey);
    SyncKey = answer.SyncKey ?? "0";
    more = answer.MoreAvailable;
    const adds = (answer.Commands ?? []).flatMap((one) => ("Add" in one ? [one.Add] : []));
    assert.equal(adds.length, 1, "5 MB and 5 MB are more than 8 MB");
    told.push(...adds.map(({ ServerId }) => ServerId));
  }
  assert.deepEqual(told, ["f1:3", "f1:2", "f1:1"]);
});

test("Sync: a Fetch of more than one answer has room for gives the first, the rest may be repeated", async () => {
  const scene = await commandScene();
  for (let count = 0; count < 2; count++) scene.server.deliver(large(5));
  const { SyncKey = "0" } = await sync(scene, "0");
  const Commands = ["f1:1", "f1:2", "f1:9"].map((ServerId) => ({ Fetch: { ServerId } }));
  const { Responses = [] } = await sync(scene, SyncKey, Commands);
  const statuses = Responses.map((one) => ("Fetch" in one ? one.Fetch.Status : 0));
  assert.deepEqual(statuses, [1, 5, 8]);
});
