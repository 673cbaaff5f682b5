import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RemoteFolder } from "../backend.ts";
import type { CollectionRow } from "../store/collections.ts";
import type { Rename } from "./folder-match.ts";
import { reconcile } from "./reconcile.ts";

const base: readonly RemoteFolder[] = [
  remote("INBOX", { type: "inbox" }),
  remote("Drafts", { type: "drafts" }),
  remote("Sent", { type: "sent" }),
  remote("Trash", { type: "trash" }),
];

function remote(path: string, more: Partial<RemoteFolder> = {}): RemoteFolder {
  const slash = path.lastIndexOf("/");
  return {
    path,
    parentPath: slash === -1 ? "" : path.slice(0, slash),
    displayName: path.slice(slash + 1),
    type: "user",
    remoteKey: `key of ${path}`,
    epoch: `${path.length}`,
    next: 1,
    selectable: true,
    ...more,
  };
}

function keyless(path: string, epoch: string, next: number): RemoteFolder {
  return remote(path, { remoteKey: "", epoch, next });
}

/** The rows of an account as `collections` keeps them, brought in line step by step. */
class Account {
  rows: readonly CollectionRow[] = [];
  revision = 1n;
  nextSerial = 1;

  list(folders: readonly RemoteFolder[], renames: readonly Rename[] = []) {
    const change = reconcile(this.rows, folders, this, renames);
    const written = new Set(change.rows.map((row) => row.serial));
    const rows = [...this.rows.filter((row) => !written.has(row.serial)), ...change.rows];
    this.rows = rows.toSorted((one, other) => one.serial - other.serial);
    this.revision = change.revision;
    this.nextSerial = change.nextSerial;
    return change;
  }

  get alive(): readonly CollectionRow[] {
    return this.rows.filter((row) => !row.deleted);
  }

  serialOf(path: string): number | undefined {
    return this.alive.find((row) => row.path === path)?.serial;
  }
}

function accountWith(...folders: readonly RemoteFolder[]): Account {
  const account = new Account();
  account.list([...base, ...folders]);
  return account;
}

test("the first listing gives Inbox serial 1 and all special folders their types", () => {
  const account = accountWith(remote("Work"));
  const shown = account.alive.map(({ serial, type, displayName }) => [serial, type, displayName]);
  assert.deepEqual(shown, [
    [1, 2, "Inbox"],
    [2, 3, "Drafts"],
    [3, 5, "Sent"],
    [4, 4, "Trash"],
    [5, 6, "Outbox"],
    [6, 12, "Work"],
  ]);
});

test("an unchanged listing writes nothing, also when UIDNEXT rose", () => {
  const account = accountWith();
  const change = account.list(base.map((folder) => ({ ...folder, next: folder.next + 7 })));
  assert.deepEqual([change.rows, change.visible], [[], false]);
});

test("a rename keeps the serial and is one visible change", () => {
  const account = accountWith(remote("Work"));
  const before = account.serialOf("Work");
  const change = account.list([...base, remote("Job", { remoteKey: "key of Work" })]);
  assert.equal(account.serialOf("Job"), before);
  assert.deepEqual([change.rows.length, change.visible], [1, true]);
});

test("the rename of a parent changes the paths of its children, but not what devices see of them", () => {
  const account = accountWith(remote("A"), remote("A/B"));
  const [a, b] = [account.serialOf("A"), account.serialOf("A/B")];
  const renamed = [
    remote("Z", { remoteKey: "key of A" }),
    remote("Z/B", { remoteKey: "key of A/B" }),
  ];
  const change = account.list([...base, ...renamed]);
  assert.deepEqual([account.serialOf("Z"), account.serialOf("Z/B")], [a, b]);
  const seen = change.rows.filter((row) => row.revision === change.revision);
  assert.deepEqual(
    seen.map((row) => row.serial),
    [a],
  );
});

test("deleting and creating again under the same name gives a new serial and a tombstone", () => {
  const account = accountWith(remote("Work"));
  const before = account.serialOf("Work");
  account.list([...base, remote("Work", { remoteKey: "another" })]);
  assert.notEqual(account.serialOf("Work"), before);
  assert.equal(account.rows.find((row) => row.serial === before)?.deleted, true);
});

test("a folder that was out of sight comes back under its serial", () => {
  const account = accountWith(remote("Shared/bob"));
  const before = account.serialOf("Shared/bob");
  account.list(base);
  assert.equal(account.serialOf("Shared/bob"), undefined);
  assert.equal(account.list([...base, remote("Shared/bob")]).visible, true);
  assert.equal(account.serialOf("Shared/bob"), before);
});

test("a new UIDVALIDITY is kept and changes nothing that devices see", () => {
  const account = accountWith(remote("Work"));
  const change = account.list([...base, remote("Work", { epoch: "99" })]);
  assert.equal(change.visible, false);
  assert.equal(account.alive.find((row) => row.path === "Work")?.epoch, "99");
});

test("without keys, the same UIDVALIDITY and a UIDNEXT not lower are a rename", () => {
  const account = accountWith(keyless("Work", "77", 10));
  const before = account.serialOf("Work");
  account.list([...base, keyless("Job", "77", 10)]);
  assert.equal(account.serialOf("Job"), before);
  account.list([...base, keyless("Other", "77", 9)]);
  assert.notEqual(account.serialOf("Other"), before);
});

test("without keys, two candidates for a rename are told apart by their names, else they are new", () => {
  const account = accountWith(keyless("A/x", "7", 1), keyless("A/y", "7", 1));
  const [x, y] = [account.serialOf("A/x"), account.serialOf("A/y")];
  account.list([...base, keyless("B/x", "7", 1), keyless("B/y", "7", 1)]);
  assert.deepEqual([account.serialOf("B/x"), account.serialOf("B/y")], [x, y]);
  account.list([...base, keyless("B/p", "7", 1), keyless("B/q", "7", 1)]);
  const now = [account.serialOf("B/p"), account.serialOf("B/q")];
  assert.ok(now.every((serial) => serial !== x && serial !== y));
});

test("a server that tells another kind of key since keeps the serials", () => {
  const account = accountWith(remote("Work"));
  const before = account.alive.map((row) => row.serial);
  const folders = [...base, remote("Work")];
  account.list(folders.map((folder) => ({ ...folder, remoteKey: `new ${folder.remoteKey}` })));
  assert.deepEqual(
    account.alive.map((row) => row.serial),
    before,
  );
});

test("a parent that cannot be opened is shown for its children and keeps its serial when it can be", () => {
  const closed = remote("A", { selectable: false, remoteKey: "", epoch: "", next: 0 });
  const account = accountWith(closed, remote("A/B"));
  const parent = account.serialOf("A");
  const child = account.alive.find((row) => row.path === "A/B");
  assert.equal(child?.parentSerial, parent);
  account.list([...base, remote("A"), remote("A/B")]);
  assert.equal(account.serialOf("A"), parent);
});

test("of two folders marked as Sent, the one that was it stays it", () => {
  const account = accountWith();
  account.list([...base, remote("A Sent", { type: "sent" })]);
  const types = account.alive.map(({ path, type }) => [path, type]);
  assert.deepEqual(
    types.filter(([path]) => String(path).includes("Sent")),
    [
      ["Sent", 5],
      ["A Sent", 12],
    ],
  );
});

test("of two folders marked as Sent at first sight, the one nearer to the top is it", () => {
  const account = new Account();
  const own = base.filter((folder) => folder.type !== "sent");
  account.list([...own, remote("A/bob/Sent", { type: "sent" }), remote("Sent", { type: "sent" })]);
  assert.equal(account.alive.find((row) => row.type === 5)?.path, "Sent");
});

test("a special folder that the server lacks is shown, and keeps its serial when it appears", () => {
  const account = new Account();
  account.list(base.slice(0, 1));
  const shown = account.alive.find((row) => row.type === 4);
  assert.deepEqual([shown?.path, shown?.selectable], ["", false]);
  const change = account.list([...base.slice(0, 1), remote("Trash", { type: "trash" })]);
  assert.equal(account.serialOf("Trash"), shown?.serial);
  assert.equal(change.visible, false);
});

test("names are never empty, never longer than 256 characters, and unique among siblings", () => {
  const long = "é".repeat(400);
  const account = accountWith(
    remote("p1", { displayName: "\u0001" }),
    remote("p2", { displayName: "" }),
    remote("p3", { displayName: long }),
    remote("p4", { displayName: long }),
  );
  const names = account.alive.map((row) => row.displayName);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => name.length > 0 && name.length <= 256));
  assert.ok(names.includes("Folder") && names.includes("Folder (2)"));
});

/** What another client does to the folders of a server: an index chooses among what is there. */
type Step = readonly ["create" | "rename" | "delete" | "hide", number, number];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("create", "rename", "delete", "hide"),
  fc.nat(20),
  fc.nat(6),
);

/** A server in miniature: folders by key; names from a small set, so that they meet again. */
class Server {
  readonly folders = new Map<string, { path: string; hidden: boolean }>();
  #keys = 0;

  apply([kind, which, name]: Step): void {
    const entries = [...this.folders];
    const [key, folder] = entries[which % Math.max(entries.length, 1)] ?? [];
    const path = which % 3 === 0 || !folder ? `n${name}` : `${folder.path}/n${name}`;
    const isFree = !entries.some(([, each]) => each.path === path);
    if (kind === "create" && isFree) this.folders.set(`k${this.#keys++}`, { path, hidden: false });
    if (key === undefined || folder === undefined) return;
    if (kind === "delete") this.folders.delete(key);
    if (kind === "hide") folder.hidden = !folder.hidden;
    if (kind === "rename" && isFree) this.#rename(folder.path, path);
  }

  #rename(from: string, to: string): void {
    if (to.startsWith(`${from}/`)) return;
    for (const folder of this.folders.values()) {
      if (folder.path === from || folder.path.startsWith(`${from}/`)) {
        folder.path = to + folder.path.slice(from.length);
      }
    }
  }

  list(): readonly RemoteFolder[] {
    const shown = [...this.folders].filter(([, { hidden }]) => !hidden);
    return [
      ...base,
      ...shown.map(([remoteKey, { path }]) => remote(path, { remoteKey, epoch: "5" })),
    ];
  }
}

/** A device that takes what changed after the revision that it knows. */
class Device {
  revision = 0n;
  readonly folders = new Map<number, string>();

  take(account: Account): void {
    for (const row of account.rows.filter(({ revision }) => revision > this.revision)) {
      if (row.deleted) this.folders.delete(row.serial);
      else this.folders.set(row.serial, `${row.parentSerial} ${row.type} ${row.displayName}`);
    }
    this.revision = account.revision;
  }
}

test("random histories: serials follow keys, devices end equal, nothing is written twice", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 40 }), (steps) => {
      const server = new Server();
      const account = new Account();
      const device = new Device();
      const serials = new Map<string, number>();
      for (const [each, looks] of steps) {
        server.apply(each);
        if (!looks) continue;
        account.list(server.list());
        assert.deepEqual(account.list(server.list()).rows, []);
        device.take(account);
        checkSerials(account, serials);
        checkTree(account);
        const expected = account.alive.map((row) => row.serial);
        assert.deepEqual(
          [...device.folders.keys()].toSorted((a, b) => a - b),
          expected,
        );
        for (const row of account.alive) {
          const shown = `${row.parentSerial} ${row.type} ${row.displayName}`;
          assert.equal(device.folders.get(row.serial), shown);
        }
      }
    }),
    { numRuns: 150 },
  );
});

function checkSerials(account: Account, serials: Map<string, number>): void {
  for (const row of account.alive.filter(({ remoteKey }) => remoteKey !== "")) {
    assert.equal(serials.get(row.remoteKey) ?? row.serial, row.serial);
    serials.set(row.remoteKey, row.serial);
  }
  assert.equal(new Set(serials.values()).size, serials.size);
}

function checkTree(account: Account): void {
  const alive = new Set(account.alive.map((row) => row.serial));
  assert.ok(account.alive.every((row) => row.parentSerial === 0 || alive.has(row.parentSerial)));
  const names = account.alive.map((row) => `${row.parentSerial} ${row.displayName}`);
  assert.equal(new Set(names).size, names.length);
  for (const type of [2, 3, 4, 5, 6]) {
    assert.equal(account.alive.filter((row) => row.type === type).length, 1);
  }
}

test("a rename of ours keeps all serials where the server has no keys", () => {
  const account = accountWith(
    keyless("A", "7", 5),
    keyless("A/B", "7", 5),
    remote("A/C", { remoteKey: "", epoch: "", next: 0, selectable: false }),
    keyless("A/C/D", "7", 5),
  );
  const before = ["A", "A/B", "A/C", "A/C/D"].map((path) => account.serialOf(path));
  const renamed = [
    keyless("Z/Y", "8", 5),
    keyless("Z/Y/B", "7", 5),
    remote("Z/Y/C", { remoteKey: "", epoch: "", next: 0, selectable: false }),
    keyless("Z/Y/C/D", "7", 5),
    keyless("Z", "7", 5),
  ];
  account.list([...base, ...renamed], [{ from: "A", to: "Z/Y" }]);
  const after = ["Z/Y", "Z/Y/B", "Z/Y/C", "Z/Y/C/D"].map((path) => account.serialOf(path));
  assert.deepEqual(after, before);
});

test("a rename of ours that was not done, or that another client took over, matches nothing wrong", () => {
  const account = accountWith(keyless("A", "7", 5));
  const before = account.serialOf("A");
  account.list([...base, keyless("A", "7", 5)], [{ from: "A", to: "Z" }]);
  assert.equal(account.serialOf("A"), before);
  account.list([...base, keyless("A", "9", 1), keyless("Z", "7", 5)], [{ from: "A", to: "Z" }]);
  assert.equal(account.serialOf("Z"), before);
  assert.notEqual(account.serialOf("A"), before);
});
