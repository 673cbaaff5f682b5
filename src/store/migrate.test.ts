import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { migrate } from "./migrate.ts";

let rig: TestDatabase;
let folder: string;

before(async () => {
  rig = await openTestDatabase();
});
after(() => rig[Symbol.asyncDispose]());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eastgate-migrate-"));
  await rig.database.rows("test.drop", "DROP SCHEMA public CASCADE");
  await rig.database.rows("test.create", "CREATE SCHEMA public");
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
}

async function tables(): Promise<string[]> {
  const text = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
  return (await rig.database.rows<{ name: string }>("test.tables", text)).map(({ name }) => name);
}

const first = "CREATE TABLE a (n int); CREATE TABLE b (n int);";

test("Migrate: applies each file once, in the order of numbers", async () => {
  await put("002-second.sql", "ALTER TABLE a ADD COLUMN m int");
  await put("001-first.sql", first);
  assert.deepEqual(await migrate(rig.database, folder), ["001-first.sql", "002-second.sql"]);
  assert.deepEqual(await migrate(rig.database, folder), []);
  await put("003-third.sql", "DROP TABLE b");
  assert.deepEqual(await migrate(rig.database, folder), ["003-third.sql"]);
  assert.deepEqual(await tables(), ["a", "migrations"]);
});

test("Migrate: processes that start together apply each file once", async () => {
  await put("001-first.sql", first);
  await put("002-second.sql", "ALTER TABLE a ADD COLUMN m int");
  const names = await Promise.all([1, 2, 3, 4].map(() => migrate(rig.database, folder)));
  assert.deepEqual(names.flat().toSorted(), ["001-first.sql", "002-second.sql"]);
});

test("Migrate: a file that fails leaves nothing of itself, and keeps those before", async () => {
  await put("001-first.sql", first);
  await put("002-broken.sql", "CREATE TABLE c (n int); CREATE TABLE a (n int);");
  await assert.rejects(migrate(rig.database, folder), {
    name: "StatementFailed",
    message: /002-broken\.sql: relation "a" already exists/,
  });
  assert.deepEqual(await tables(), ["a", "b", "migrations"]);
  await put("002-broken.sql", "CREATE TABLE c (n int)");
  assert.deepEqual(await migrate(rig.database, folder), ["002-broken.sql"]);
});

test("Migrate: a file that was edited after it was applied is refused", async () => {
  await put("001-first.sql", first);
  await migrate(rig.database, folder);
  await put("001-first.sql", `${first} `);
  await assert.rejects(migrate(rig.database, folder), {
    name: "MigrationRefused",
    message: /001-first\.sql differs from the one that the database was made with/,
  });
});

test("Migrate: a database of a newer program is refused and told so", async () => {
  await put("001-first.sql", first);
  await put("002-newer.sql", "CREATE TABLE c (n int)");
  await migrate(rig.database, folder);
  await rm(join(folder, "002-newer.sql"));
  await assert.rejects(migrate(rig.database, folder), {
    name: "MigrationRefused",
    message: /made by a newer version of Eastgate \(it has migration 002-newer\.sql\)/,
  });
});

test("Migrate: a number below the last applied one is refused", async () => {
  await put("002-second.sql", first);
  await migrate(rig.database, folder);
  await put("001-late.sql", "CREATE TABLE c (n int)");
  await assert.rejects(migrate(rig.database, folder), {
    name: "MigrationRefused",
    message: /001-late\.sql came after number 2 was applied/,
  });
});

for (const [names, message] of [
  [["1-short.sql"], /1-short\.sql: a migration is named NNN-words\.sql/],
  [["001-a.sql", "001-b.sql"], /001-b\.sql: number 1 is there twice/],
] as const) {
  test(`Migrate: ${names.join(" with ")} is refused before anything is applied`, async () => {
    for (const name of names) await put(name, "CREATE TABLE c (n int)");
    await assert.rejects(migrate(rig.database, folder), { name: "MigrationRefused", message });
    assert.deepEqual(await tables(), []);
  });
}
