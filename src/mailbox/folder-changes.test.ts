import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount, Gateway } from "../../test/mailbox/gateway.ts";
import { ScriptedMail } from "../../test/mailbox/scripted-mail.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { BackendError, BackendUnavailable } from "../backend.ts";
import { listCollections } from "../store/collections.ts";
import { FolderRefused, collectionIdOf, type FolderFault } from "./mailbox.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

async function scene(...paths: readonly string[]) {
  await using parts = new AsyncDisposableStack();
  const account = await addAccount(database);
  const server = new ScriptedMail();
  for (const path of paths) server.create(path);
  const gateway = parts.use(new Gateway(database, server));
  const mailbox = parts.use(await gateway.open(account));
  await mailbox.hierarchy();
  const idOf = async (path: string): Promise<string> => {
    const rows = await listCollections(database, account.id);
    const row = rows.find((each) => each.path === path && !each.deleted);
    return row === undefined ? "none" : collectionIdOf(row.serial);
  };
  const claim = (clientKey: string) => ({ deviceId: account.deviceId, clientKey });
  const kept = parts.move();
  return { server, mailbox, idOf, claim, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const broken = new BackendUnavailable("broken off");

function refused(fault: FolderFault) {
  return (error: unknown): boolean => error instanceof FolderRefused && error.fault === fault;
}

const atTop = (displayName: string) => ({ parentId: "0", displayName, type: 12 });

test("A folder whose making was answered into the void is the same at the repeat", async () => {
  await using at = await scene();
  at.server.failOnce("created", broken);
  await assert.rejects(at.mailbox.createFolder(atTop("New"), at.claim("1")), BackendUnavailable);
  const made = await at.mailbox.createFolder(atTop("New"), at.claim("1"));
  assert.equal(collectionIdOf(made.serial), await at.idOf("New"));
  await assert.rejects(at.mailbox.createFolder(atTop("New"), at.claim("2")), refused("exists"));
});

test("A folder that the server refuses is no folder", async () => {
  await using at = await scene();
  at.server.failOnce("create", new BackendError("not allowed", "no such names here"));
  await assert.rejects(at.mailbox.createFolder(atTop("~"), at.claim("1")), refused("not allowed"));
  assert.equal(await at.idOf("~"), "none");
});

test("Without keys of folders a rename keeps the ids, also when its answer is lost", async () => {
  await using at = await scene("A", "A/B", "A/C");
  for (const folder of at.server.folders.values()) Object.assign(folder, { key: "", epoch: "1" });
  await at.mailbox.hierarchy();
  const before = await Promise.all(["A", "A/B", "A/C"].map(at.idOf));
  at.server.failOnce("renamed", broken);
  const [id = ""] = before;
  const rename = () => at.mailbox.updateFolder(id, atTop("Z"), at.claim("1"));
  await assert.rejects(rename(), BackendUnavailable);
  await rename();
  assert.deepEqual(await Promise.all(["Z", "Z/B", "Z/C"].map(at.idOf)), before);
});

test("A rename that the server refuses is forgotten: another client's folder is not taken for ours", async () => {
  await using at = await scene("A");
  for (const folder of at.server.folders.values()) Object.assign(folder, { key: "" });
  await at.mailbox.hierarchy();
  const id = await at.idOf("A");
  at.server.failOnce("rename", new BackendError("not allowed", "read-only"));
  await assert.rejects(
    at.mailbox.updateFolder(id, atTop("Z"), at.claim("1")),
    refused("not allowed"),
  );
  at.server.folders.delete("A");
  at.server.create("Z").next = 1;
  await at.mailbox.hierarchy();
  assert.notEqual(await at.idOf("Z"), id);
});

test("A folder goes with all below it; what is left of a broken deletion goes at the repeat", async () => {
  await using at = await scene("A", "A/B", "A/B/C");
  const [a, b, c] = [await at.idOf("A"), await at.idOf("A/B"), await at.idOf("A/B/C")];
  at.server.failOnce("delete", new BackendError("failed", "busy"));
  await assert.rejects(at.mailbox.removeFolder(a), refused("failed"));
  assert.equal(await at.idOf("A/B/C"), c);
  await at.mailbox.removeFolder(a);
  for (const id of [a, b, c]) assert.equal(await at.mailbox.folder(id), undefined);
  assert.deepEqual([...at.server.folders.keys()].toSorted(), ["Drafts", "INBOX", "Sent", "Trash"]);
  await assert.rejects(at.mailbox.removeFolder(a), refused("not found"));
});

test("A folder in which a special one lies is not deleted, and loses nothing", async () => {
  await using at = await scene("Mail", "Mail/Old");
  at.server.folders.delete("Sent");
  at.server.create("Mail/Sent", "sent");
  await at.mailbox.hierarchy();
  await assert.rejects(at.mailbox.removeFolder(await at.idOf("Mail")), refused("special"));
  assert.ok(at.server.folders.has("Mail/Old"));
});

test("Names that cannot be shown are refused, blanks around a name are none of it", async () => {
  await using at = await scene();
  for (const name of ["", "  ", "a\nb", "a\u0000", "x".repeat(257)]) {
    await assert.rejects(at.mailbox.createFolder(atTop(name), at.claim(name)), refused("bad name"));
  }
  await at.mailbox.createFolder(atTop(" x "), at.claim("1"));
  assert.notEqual(await at.idOf("x"), "none");
  await at.mailbox.createFolder(atTop("y".repeat(256)), at.claim("2"));
  assert.notEqual(await at.idOf("y".repeat(256)), "none");
});
