import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  BackendError,
  BackendUnavailable,
  LoginRefused,
  SendRefused,
  type Credential,
} from "../../backend.ts";
import { mailBackendContract } from "../contract.ts";
import { createMemoryBackend, createMemoryTransport } from "./backend.ts";

const login = "user@example.test";
const forever = new AbortController().signal;

function credentialOf(password = "secret"): Credential {
  return { login, password, fingerprint: password, clientAddress: "192.0.2.1" };
}

mailBackendContract("memory", async () => {
  const backend = createMemoryBackend();
  const mailbox = backend.addUser(login, "secret");
  return {
    backend,
    credential: credentialOf(),
    other: {
      deliver: async (mime, where) => mailbox.deliver(mime, where),
      flag: async (path, number, change) => void mailbox.flag(path, number, change),
      expunge: async (path, number) => void mailbox.expunge(path, number),
      move: async (path, number, toPath) => void mailbox.move(path, number, toPath),
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
});

suite("Memory backend as a test's own server", () => {
  test("A full mailbox takes no more mail", async () => {
    const backend = createMemoryBackend({ quotaBytes: 100 });
    backend.addUser(login, "secret");
    await using session = await backend.open("a", credentialOf(), forever);
    await session.append("INBOX", Buffer.alloc(60), {});
    await assert.rejects(
      session.append("INBOX", Buffer.alloc(60), {}),
      (error) => error instanceof BackendError && error.fault === "over quota",
    );
  });

  test("A changed password, an unknown user and a server out of reach refuse a lease", async () => {
    const backend = createMemoryBackend();
    await assert.rejects(backend.check(credentialOf(), forever), LoginRefused);
    backend.addUser(login, "secret");
    await using session = await backend.open("a", credentialOf(), forever);
    backend.addUser(login, "new");
    await assert.rejects(backend.check(credentialOf(), forever), LoginRefused);
    backend.setReachable(false);
    await assert.rejects(session.folders(), BackendUnavailable);
    await assert.rejects(backend.check(credentialOf("new"), forever), BackendUnavailable);
  });

  test("Renaming keeps a folder's key, deleting and creating gives another, renumbering an epoch", async () => {
    const backend = createMemoryBackend();
    const mailbox = backend.addUser(login, "secret");
    await using session = await backend.open("a", credentialOf(), forever);
    const { remoteKey, epoch } = await session.createFolder("A/B", "user");
    mailbox.deliver(Buffer.from("Subject: x\r\n\r\n"), { path: "A/B" });
    mailbox.rename("A", "Z");
    const renamed = (await session.folders()).find(({ path }) => path === "Z/B");
    assert.deepEqual([renamed?.remoteKey, renamed?.epoch], [remoteKey, epoch]);
    mailbox.renumber("Z/B");
    assert.notEqual((await session.feed("Z/B").position()).epoch, epoch);
    mailbox.delete("Z/B");
    assert.notEqual((await session.createFolder("Z/B", "user")).remoteKey, remoteKey);
  });

  test("Sent mail reaches its users; nobody gets it when one is unknown", async () => {
    const backend = createMemoryBackend();
    const mailbox = backend.addUser(login, "secret");
    const transport = createMemoryTransport(backend);
    const mime = Buffer.from("Subject: x\r\n\r\n");
    const mail = { from: login, recipients: [login], mime };
    const both = { ...mail, recipients: [login, "nobody@example.test"] };
    await assert.rejects(
      transport.send(credentialOf(), both, forever),
      (error) => error instanceof SendRefused && error.recipients[0] === "nobody@example.test",
    );
    await assert.rejects(
      transport.send(credentialOf("wrong"), mail, forever),
      (error) => error instanceof SendRefused && error.fault === "login",
    );
    transport.failNext(new BackendUnavailable("down"));
    await assert.rejects(transport.send(credentialOf(), mail, forever), BackendUnavailable);
    await transport.send(credentialOf(), mail, forever);
    assert.deepEqual([transport.sent, mailbox.folderAt("INBOX").mails.size], [[mail], 1]);
  });
});
