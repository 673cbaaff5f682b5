/** Backups on real PostgreSQL: whole, exact, and refused where they do not fit. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { otherPostgres, startOtherPostgres } from "../../test/rig/other-postgres.ts";
import type { Log } from "../kit/log.ts";
import { putAccount } from "./accounts.ts";
import { backUp, restore } from "./backup-file.ts";
import { leftOut } from "./backup-format.ts";
import { openDatabase, type PostgresDatabase } from "./database.ts";
import { maxBackupBatchBytes } from "./limits.ts";
import { migrate } from "./migrate.ts";
import type { Sql } from "./sql.ts";
import { listTables } from "./tables.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const migrations = fileURLToPath(new URL("../../migrations", import.meta.url));

let source: TestDatabase;
let folder: string;
/** A backup of `source`. */
let whole: string;

before(async () => {
  source = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "eastgate-backup-"));
  await fill(source.database);
  whole = join(folder, "whole");
  await backUp(source.database, whole);
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** An empty database that this connection alone uses. */
async function emptyDatabase(): Promise<{ database: PostgresDatabase } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await openTestDatabase());
  const database = stack.use(await openDatabase(url, quiet, 1));
  const others = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  await database.rows("test.alone", others);
  await database.rows("test.drop", "DROP SCHEMA public CASCADE");
  await database.rows("test.create", "CREATE SCHEMA public");
  const kept = stack.move();
  return { database, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Rows of every table, with what is hard to carry over. */
async function fill(database: PostgresDatabase): Promise<void> {
  const at = new Date("2026-11-01T08:00:00.123Z");
  for (const login of ["ann", "bö\\b", "gone"]) {
    await putAccount(database, { domain: "example.test", login, email: "x" }, at);
  }
  let count = 0;
  const one = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    count += 1;
    await database.rows(`test.fill.${count}`, text, values);
  };
  await one("DELETE FROM accounts WHERE login = 'gone'");
  await one(
    `INSERT INTO devices (account_id, device_id, model, policy_key, sync_request)
    VALUES (1, 'phone', $1, 4294967295, '{"a": "\\u0000", "b":   1.0}')`,
    [`tab\tslash \\ "quoted"\nline \u{1F4F1}`],
  );
  await one(`INSERT INTO devices (account_id, device_id) VALUES (2, 'phone')`);
  await one(`INSERT INTO audit (account_id, device_id, at, event, details)
    VALUES (1, 1, '0044-03-15 12:00:00+00 BC', 'old', '{"x": [1, null]}'), (2, NULL, now(), '', '{}')`);
  await one("INSERT INTO skipped_items VALUES (1, 1, 'f1', 9007199254740993, 'bad', now())");
  await one(`INSERT INTO sync_heads (account_id, device_id, collection_id, key_uuid, counter, revision, head)
    VALUES (1, 1, 'f1', gen_random_uuid(), 7, 3, '{"segments":[]}')`);
  await one("INSERT INTO sync_known VALUES (1, 1, 'f1', 0, $1)", [Buffer.from([0, 255, 92, 39])]);
  await one(
    `INSERT INTO collections VALUES (1, 1, 'INBOX', 0, 'Inbox', 2, 'Email', true, '1', '', 1, 1)`,
  );
  await one("INSERT INTO aliases VALUES (1, 1, '1', 1, 2)");
  await one("INSERT INTO verbs VALUES (1, 1, '1', 1, 2, now(), 7)");
  await one("INSERT INTO conversation_rules VALUES (1, int4send(1), 1, now())");
  await one(`INSERT INTO follow_ups VALUES (1, 1, '1', 1, '{"FlagType": "Call"}', 3, true)`);
  const intent = `INSERT INTO intents (account_id, device_id, kind, client_key, fingerprint, state, target,
    lease_until, lease_token, pending_mime, created)
    VALUES (1, 1, 'send', $1, '', 'sent', '{}', 'infinity', gen_random_uuid(), $2, now())`;
  await one(intent, ["b", Buffer.alloc(0)]);
  await one(intent, ["c", null]);
  await one(
    `INSERT INTO conversations SELECT 1, int4send(n), int8send(n) FROM generate_series(1, 2500) n`,
  );
  await one("INSERT INTO searches VALUES (1, 1, NULL, 'q', now(), 2, '{f1:1:2,\"a\\\"b\"}')");
  await one(`INSERT INTO device_loops VALUES (1, 1, 'same failure', NULL, 2, now(), now())`);
  await one(
    `INSERT INTO traces (account_id, device_id, content, until) VALUES (1, 1, true, now())`,
  );
  await one("INSERT INTO out_of_office VALUES (1, 2, '-infinity', now())");
  await one(
    `INSERT INTO out_of_office_messages VALUES (1, 'internal', true, 'Text', E'away\n\\ "soon"')`,
  );
  await one("UPDATE devices SET recovery_password = $1 WHERE id = 1", [Buffer.from([0, 255])]);
  await one(`INSERT INTO trace_entries (account_id, trace_id, text) VALUES (1, 1, 'watched')`);
}

/** All rows as PostgreSQL prints them. */
async function contentsOf(database: Sql): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const table of await listTables(database)) {
    const text = `SELECT md5(t::text) AS row FROM ${table} t ORDER BY 1`;
    const rows = await database.rows<{ row: string }>(`test.contents.${table}`, text);
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}

async function rewritten(change: (lines: string[]) => string[]): Promise<string> {
  const lines = gunzipSync(await readFile(whole))
    .toString()
    .split("\n");
  const file = join(folder, `changed-${lines.length}-${Math.random()}`);
  await writeFile(file, gzipSync(change(lines).join("\n")));
  return file;
}

function withHeader(change: (header: Record<string, unknown>) => void): Promise<string> {
  return rewritten(([first = "", ...rest]) => {
    const header = JSON.parse(first) as Record<string, unknown>;
    change(header);
    return [JSON.stringify(header), ...rest];
  });
}

async function refused(file: string, says: RegExp): Promise<void> {
  await using target = await emptyDatabase();
  await assert.rejects(restore(target.database, migrations, file), (error: Error) => {
    assert.equal(error.name, "BackupFault");
    assert.match(error.message, says);
    assert.ok(error.message.startsWith(file));
    return true;
  });
  // Tried again with a good file, it works: nothing stays of the bad one.
  await restore(target.database, migrations, whole);
}

test("Backup: what is restored is what was there, row by row, and ids go on where they were", async () => {
  const large = Buffer.alloc(maxBackupBatchBytes + 1, "x");
  await source.database.rows(
    "test.large",
    "UPDATE intents SET pending_mime = $1 WHERE client_key = 'b'",
    [large],
  );
  const file = join(folder, "large");
  await backUp(source.database, file);
  const there = await contentsOf(source.database);
  for (const [table, rows] of Object.entries(there)) {
    assert.ok(rows.length > 0, `${table} is empty: this test would not see its loss`);
  }
  await using target = await emptyDatabase();
  const counts = await restore(target.database, migrations, file);
  const found = await contentsOf(target.database);
  for (const table of leftOut) {
    if (table !== "migrations") assert.deepEqual(found[table], []);
    delete there[table];
    delete found[table];
  }
  assert.deepEqual(found, there);
  assert.equal(counts.rows, Object.values(there).flat().length);
  const name = { domain: "example.test", login: "new", email: "x" };
  assert.equal((await putAccount(target.database, name, new Date())).id, "4");
});

test("Backup: the file is its owner's alone, and never takes the place of another", async () => {
  assert.equal((await stat(whole)).mode & 0o777, 0o600);
  const bytes = await readFile(whole);
  await assert.rejects(backUp(source.database, whole), { code: "EEXIST" });
  assert.deepEqual(await readFile(whole), bytes);
});

test("Backup: one that fails leaves no file", async () => {
  const file = join(folder, "failing");
  const { database } = source;
  await database.rows(
    "test.circle1",
    "ALTER TABLE accounts ADD COLUMN newest_device bigint REFERENCES devices",
  );
  try {
    await assert.rejects(backUp(database, file), /in a circle/);
  } finally {
    await database.rows("test.circle2", "ALTER TABLE accounts DROP COLUMN newest_device");
  }
  await assert.rejects(stat(file), { code: "ENOENT" });
  await using target = await emptyDatabase();
  await assert.rejects(backUp(target.database, file), /nothing to back up/);
});

const otherServer = otherPostgres();
const skip = otherServer === undefined && "there is no PostgreSQL of another major version here";

test(
  "Backup: goes to another major version of PostgreSQL and back, row by row",
  { skip },
  async () => {
    await using server = await startOtherPostgres(otherServer ?? "");
    await using database = await openDatabase(server.url, quiet, 1);
    const majorOf = async (sql: Sql): Promise<number> => {
      const text = "SELECT current_setting('server_version_num')::int / 10000 AS major";
      return (await sql.rows<{ major: number }>("test.major", text))[0]?.major ?? 0;
    };
    assert.notEqual(await majorOf(database), await majorOf(source.database));
    const [out, back] = [join(folder, "out"), join(folder, "back")];
    await backUp(source.database, out);
    await restore(database, migrations, out);
    await backUp(database, back);
    await using target = await emptyDatabase();
    await restore(target.database, migrations, back);
    const [here, there] = [await contentsOf(target.database), await contentsOf(source.database)];
    for (const table of leftOut) {
      delete here[table];
      delete there[table];
    }
    assert.deepEqual(here, there);
  },
);

test("Restore: refuses a database with rows, and changes nothing there", async () => {
  await using target = await emptyDatabase();
  await migrate(target.database, migrations);
  const name = { domain: "example.test", login: "mine", email: "x" };
  await putAccount(target.database, name, new Date());
  const there = await contentsOf(target.database);
  await assert.rejects(restore(target.database, migrations, whole), {
    name: "RestoreRefused",
    message: /^The database is not empty \(table accounts has rows\): restore into an empty one/,
  });
  assert.deepEqual(await contentsOf(target.database), there);
});

test("Restore: takes a database that was made and never used", async () => {
  await using target = await emptyDatabase();
  await migrate(target.database, migrations);
  assert.ok((await restore(target.database, migrations, whole)).rows > 2_500);
});

test("Restore: refuses a database with tables of others, or that a gateway uses", async () => {
  await using target = await emptyDatabase();
  await target.database.rows("test.other", "CREATE TABLE shop (n int)");
  await assert.rejects(restore(target.database, migrations, whole), {
    name: "RestoreRefused",
    message: /tables that are not Eastgate's \(shop\)/,
  });
  await using used = await openTestDatabase();
  await using second = await openDatabase(used.url, quiet, 1);
  await assert.rejects(restore(second, migrations, whole), {
    name: "RestoreRefused",
    message: /Eastgate runs on this database: stop it/,
  });
});

test("Restore: refuses files that are no backup, or not a whole one", async () => {
  const text = join(folder, "text");
  await writeFile(text, "some text");
  await refused(text, /is no backup of Eastgate/);
  const other = join(folder, "other.gz");
  await writeFile(other, gzipSync('{"a":1}\n'));
  await refused(other, /is no backup of Eastgate/);
  await writeFile(join(folder, "nothing.gz"), gzipSync(""));
  await refused(join(folder, "nothing.gz"), /is no backup of Eastgate/);
  const cut = join(folder, "cut");
  const bytes = await readFile(whole);
  await writeFile(cut, bytes.subarray(0, bytes.length - 100));
  await refused(cut, /ends too early/);
  await refused(await rewritten((lines) => [...lines.slice(0, -2), ""]), /ends too early/);
  await assert.rejects(restore(source.database, migrations, join(folder, "none")), {
    code: "ENOENT",
  });
});

test("Restore: refuses a backup of a newer version, and says which to install", async () => {
  const newer = await withHeader((header) => (header["version"] = 2));
  await refused(newer, /backup format 2, this version reads up to 1\): install that version/);
  const later = await withHeader((header) => {
    const applied = header["migrations"] as object[];
    applied.push({ number: 999, name: "999-later.sql", checksum: "x" });
  });
  await refused(later, /newer version of Eastgate \(it has migration 999-later\.sql\)/);
  const edited = await withHeader((header) => {
    const [first] = header["migrations"] as { checksum: string }[];
    if (first !== undefined) first.checksum = "x";
  });
  await refused(edited, /migration 001-accounts\.sql differs/);
});

test("Restore: refuses damaged lines", async () => {
  const isRow = (line: string): boolean => line.startsWith("[");
  const lastMissing = (lines: string[]): string[] => lines.toSpliced(lines.findLastIndex(isRow), 1);
  await refused(await rewritten(lastMissing), /is damaged: \d+ rows instead of \d+/);
  const firstMissing = (lines: string[]): string[] => lines.toSpliced(lines.findIndex(isRow), 1);
  await refused(await rewritten(firstMissing), /rows that do not fit into table "/);
  const renamed = (lines: string[]): string[] =>
    lines.map((line) => line.replace('"table":"aliases"', '"table":"nonsense"'));
  await refused(await rewritten(renamed), /there is no table "nonsense"/);
  const garbled = (lines: string[]): string[] => lines.toSpliced(2, 0, "{}");
  await refused(await rewritten(garbled), /neither a table nor a row/);
});
