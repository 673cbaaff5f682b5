import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import hoodiecrow from "hoodiecrow-imap";
import { pino } from "pino";
import { mailServers } from "../../../test/rig/mail/servers.ts";
import type { RemoteFolder } from "../../backend.ts";
import { ImapConnection } from "./connection.ts";
import { deleteFolder, renameFolder } from "./folder-changes.ts";
import { createFolder, listFolders } from "./folders.ts";
import { textOf } from "./tokens.ts";

const text = (value: string) => ({ type: "STRING", value }) as const;

describe("folders of Dovecot", async () => {
  const mail = await mailServers();
  after(() => mail.stop());

  async function connect(user: string): Promise<ImapConnection> {
    const { host, port } = mail.imap;
    return await ImapConnection.open(
      { host, port, security: "plain" },
      { login: user, password: "secret", fingerprint: "", clientAddress: "" },
      { log: pino({ level: "silent" }), silenceMs: 60_000 },
    );
  }

  async function mailbox(paths: readonly string[] = []) {
    const user = mail.freshUser();
    const client = await mail.imapClient(user);
    for (const path of paths) await client.mailboxCreate(path);
    const connection = await connect(user);
    const end = async () => {
      connection.drop();
      await client.logout();
    };
    return { user, client, connection, [Symbol.asyncDispose]: end };
  }

  const byPath = (folders: readonly RemoteFolder[]) =>
    new Map(folders.map((folder) => [folder.path, folder]));

  it("keeps subscriptions at a rename, ends them at a deletion", async () => {
    await using box = await mailbox(["Work", "Work/Plans", "Work/Not shown", "Work 2"]);
    await box.client.mailboxUnsubscribe("Work/Not shown");
    await renameFolder(box.connection, "Work", "Job");
    const subscribed = async (): Promise<string[]> =>
      (await box.client.list()).flatMap((each) => (each.subscribed ? [each.path] : []));
    const kept = (await subscribed()).filter((path) => /Work|Job/.test(path));
    assert.deepEqual(kept.toSorted(), ["Job", "Job/Plans", "Work 2"]);
    await deleteFolder(box.connection, "Work 2");
    const left: string[] = [];
    await box.connection.exec("LSUB", [text(""), text("*")], {
      LSUB: ({ attributes = [] }) => void left.push(textOf(attributes[2]) ?? ""),
    });
    assert.ok(!left.includes("Work 2"), left.join(", "));
  });

  it("deletes a folder that it has open", async () => {
    await using box = await mailbox(["Work"]);
    await box.connection.select("Work");
    await deleteFolder(box.connection, "Work");
    assert.ok(!(await listFolders(box.connection)).some(({ path }) => path === "Work"));
  });

  it("gives types by SPECIAL-USE and identities in one command", async () => {
    await using box = await mailbox();
    const before = box.connection.commands;
    const folders = await listFolders(box.connection);
    assert.equal(box.connection.commands - before, 1);
    const types = folders.map(({ path, type }) => `${path}: ${type}`);
    assert.deepEqual(types.filter((each) => !each.startsWith("Public")).toSorted(), [
      "Archive: user",
      "Drafts: drafts",
      "INBOX: inbox",
      "Junk: user",
      "Sent: sent",
      "Trash: trash",
    ]);
    for (const { path, remoteKey, epoch, next, selectable } of folders) {
      if (path.startsWith("Public")) continue;
      assert.match(remoteKey, /^[0-9a-f]{32}$/);
      assert.match(epoch, /^[1-9]\d*$/);
      assert.equal(next, 1);
      assert.equal(selectable, true);
    }
  });

  const names = [
    "Straße & Söhne",
    "&",
    "&-",
    'q"u\\o',
    "a%b*c",
    "[Gmail]",
    "a[b]c",
    "😀 smile",
    "12",
    "1:3",
    "NIL",
    "x(y)",
    " blanks ",
    "日本語",
    "INBOX/below",
  ];

  it("gives names that can be opened, whatever is in them", async () => {
    await using box = await mailbox(names);
    const folders = byPath(await listFolders(box.connection));
    for (const name of names) {
      const folder = folders.get(name);
      assert.equal(folder?.selectable, true, name);
      const opened = await box.connection.select(name);
      assert.equal(String(opened.uidValidity), folder.epoch, name);
    }
    assert.equal(folders.get("INBOX/below")?.parentPath, "INBOX");
    assert.equal(folders.get("INBOX/below")?.displayName, "below");
    assert.equal(folders.get("😀 smile")?.parentPath, "");
  });

  it("shows folders that only hold others", async () => {
    await using box = await mailbox(["Customers/North/Müller"]);
    const folders = byPath(await listFolders(box.connection));
    assert.deepEqual(folders.get("Customers/North"), {
      path: "Customers/North",
      parentPath: "Customers",
      displayName: "North",
      type: "user",
      remoteKey: "",
      epoch: "",
      next: 0,
      selectable: false,
    });
    assert.equal(folders.get("Customers")?.selectable, false);
    assert.equal(folders.get("Customers/North/Müller")?.selectable, true);
  });

  it("lists shared folders below their namespace", async () => {
    await using box = await mailbox(["Public/Team"]);
    const folders = byPath(await listFolders(box.connection));
    assert.equal(folders.get("Public/Team")?.selectable, true);
    assert.equal(folders.get("Public/Team")?.parentPath, "Public");
    assert.equal(folders.get("Public")?.selectable, false);
  });

  it("keeps the key over a rename and gives a new one to a folder made anew", async () => {
    await using box = await mailbox(["Old/Inner"]);
    const old = byPath(await listFolders(box.connection)).get("Old/Inner");
    await box.client.mailboxRename("Old", "New");
    await box.client.mailboxCreate("Old/Inner");
    const folders = byPath(await listFolders(box.connection));
    assert.equal(folders.get("New/Inner")?.remoteKey, old?.remoteKey);
    assert.notEqual(folders.get("Old/Inner")?.remoteKey, old?.remoteKey);
  });

  it("creates a folder, and is content with one that exists", async () => {
    await using box = await mailbox();
    const made = await createFolder(box.connection, "Entwürfe", "drafts");
    assert.equal(made.displayName, "Entwürfe");
    // Drafts has the use already.
    assert.equal(made.type, "user");
    assert.deepEqual(await createFolder(box.connection, "Entwürfe", "drafts"), made);
    const listed = await box.client.list();
    assert.equal(listed.find(({ path }) => path === "Entwürfe")?.subscribed, true);
  });

  it("says why a folder cannot be created", async () => {
    await using box = await mailbox();
    await assert.rejects(createFolder(box.connection, "a//b", "user"), {
      name: "BackendError",
    });
  });

  it("throws when the connection broke, rather than telling of no folders", async () => {
    await using box = await mailbox();
    box.connection.drop();
    await assert.rejects(listFolders(box.connection), { name: "BackendUnavailable" });
  });
});

describe("folders of a server with the base protocol only", () => {
  /** Folders below "" are at the top; no LIST-STATUS, no SPECIAL-USE, no identities. */
  const storage = {
    INBOX: {},
    "": {
      folders: {
        "Gesendete Objekte": {},
        Papierkorb: {},
        Sent: {},
        Projects: { flags: ["\\Noselect"], folders: { Drafts: {} } },
        "Sent to clients": {},
      },
    },
  };

  async function withServer(check: (connection: ImapConnection) => Promise<void>) {
    const server = hoodiecrow({ plugins: [], users: { a: { password: "b" } }, storage });
    server.server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    const { port } = server.server.address() as AddressInfo;
    const connection = await ImapConnection.open(
      { host: "127.0.0.1", port, security: "plain" },
      { login: "a", password: "b", fingerprint: "", clientAddress: "" },
      { log: pino({ level: "silent" }), silenceMs: 60_000 },
    );
    try {
      await check(connection);
    } finally {
      connection.drop();
      server.server.close();
    }
  }

  it("are asked one by one and get their types by name, each once", async () => {
    await withServer(async (connection) => {
      const folders = await listFolders(connection);
      const told = folders.map(({ path, type, selectable }) => `${path} ${type} ${selectable}`);
      assert.deepEqual(told.toSorted(), [
        "Gesendete Objekte user true",
        "INBOX inbox true",
        "Papierkorb trash true",
        "Projects user false",
        "Projects/Drafts user true",
        "Sent sent true",
        "Sent to clients user true",
      ]);
      assert.ok(folders.every(({ remoteKey }) => remoteKey === ""));
      assert.ok(folders.every(({ epoch, selectable }) => (epoch === "") !== selectable));
    });
  });

  it("are not asked again for what the server refused", async () => {
    await withServer(async (connection) => {
      await listFolders(connection);
      const before = connection.commands;
      await listFolders(connection);
      // LIST, and STATUS of all but the one that cannot be opened.
      assert.equal(connection.commands - before, 7);
    });
  });

  it("are created without a use where none can be given", async () => {
    await withServer(async (connection) => {
      const made = await createFolder(connection, "Entwürfe", "drafts");
      assert.equal(made.type, "drafts");
      assert.equal(made.selectable, true);
    });
  });
});
