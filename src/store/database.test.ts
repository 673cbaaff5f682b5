import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { startDatabaseRelay } from "../../test/rig/relay.ts";
import { openDatabase } from "./database.ts";
import { StatementFailed, StoreUnavailable } from "./errors.ts";
import type { Sql } from "./sql.ts";
import { quiet } from "../../test/rig/quiet-log.ts";

let rig: TestDatabase;

before(async () => {
  rig = await openTestDatabase();
  const text = "CREATE TABLE numbers (n bigint PRIMARY KEY CHECK (n < 100))";
  await rig.database.rows("test.table", text);
});
after(() => rig[Symbol.asyncDispose]());

async function numbers(): Promise<bigint[]> {
  const rows = await rig.database.rows<{ n: bigint }>(
    "test.all",
    "SELECT n FROM numbers ORDER BY n",
  );
  return rows.map(({ n }) => n);
}

async function insert(sql: Sql, n: number): Promise<void> {
  await sql.rows("test.insert", "INSERT INTO numbers VALUES ($1)", [n]);
}

/** Ends a connection from outside, as a server that restarts does. */
async function cutOff(condition: string): Promise<void> {
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`;
  await rig.database.rows(`test.cut.${condition.length}`, text);
}

test("Rows: each type arrives as what the code works with", async () => {
  const text = `SELECT 9007199254740993::int8 AS big, '\\x00ff'::bytea AS bytes, '{"a":[1]}'::jsonb AS json,
    '2026-11-01T00:00:00Z'::timestamptz AS at, 7::int4 AS int, NULL::int8 AS nothing`;
  const [row] = await rig.database.rows("test.types", text);
  assert.deepEqual(row, {
    big: 9007199254740993n,
    bytes: Buffer.from([0, 255]),
    json: { a: [1] },
    at: new Date("2026-11-01T00:00:00Z"),
    int: 7,
    nothing: null,
  });
});

test("Rows: a bigint goes in as it comes out", async () => {
  const value = 2n ** 62n + 1n;
  const [row] = await rig.database.rows("test.echo", "SELECT $1::int8 AS value", [value]);
  assert.deepEqual(row, { value });
});

test("Rows: a refused statement tells its name, state and constraint, not the values of rows", async () => {
  await insert(rig.database, 42);
  await assert.rejects(insert(rig.database, 42), (error) => {
    assert.ok(error instanceof StatementFailed);
    assert.deepEqual(
      [error.statement, error.code, error.constraint],
      ["test.insert", "23505", "numbers_pkey"],
    );
    assert.doesNotMatch(JSON.stringify(error) + error.message, /42/);
    return true;
  });
});

test("Transaction: kept when it resolves, undone when it throws", async () => {
  await rig.database.transaction((sql) => insert(sql, 1));
  const failing = rig.database.transaction(async (sql) => {
    await insert(sql, 2);
    throw new RangeError("meant");
  });
  await assert.rejects(failing, RangeError);
  assert.deepEqual(await numbers(), [1n, 42n]);
});

test("Transaction: a refused statement undoes it and leaves the connection usable", async () => {
  await using single = await openDatabase(rig.url, quiet, 1);
  const failing = single.transaction(async (sql) => {
    await insert(sql, 3);
    await insert(sql, 100);
  });
  await assert.rejects(failing, StatementFailed);
  await single.transaction((sql) => insert(sql, 4));
  assert.deepEqual(await numbers(), [1n, 4n, 42n]);
});

test("Transaction: a lost connection is 'unavailable', and the next statement has a new one", async () => {
  await using single = await openDatabase(rig.url, quiet, 1);
  const failing = single.transaction(async (sql) => {
    const [row] = await sql.rows<{ pid: number }>("test.pid", "SELECT pg_backend_pid() AS pid");
    await cutOff(`pid = ${row?.pid}`);
    await insert(sql, 5);
  });
  await assert.rejects(failing, StoreUnavailable);
  assert.equal((await numbers()).includes(5n), false);
  await single.rows("test.again", "SELECT 1");
});

test("Statement: a server that falls silent is 'unavailable', and the connection is used no more", async () => {
  await using relay = await startDatabaseRelay(rig.url);
  // Half a second in the place of the limit; the pool lends its one connection to whoever comes.
  await using single = await openDatabase(`${relay.url}?query_timeout=500`, quiet, 1);
  relay.stall();
  await assert.rejects(single.rows("test.silent", "SELECT 1"), StoreUnavailable);
  relay.heal();
  const [row] = await single.rows<{ two: number }>("test.again", "SELECT 2 AS two");
  assert.equal(row?.two, 2);
});

for (const [name, url] of [
  ["a closed port", "postgresql://nobody@127.0.0.1:1/none"],
  ["a missing socket", "postgresql://nobody@/none?host=/nowhere"],
  ["a name that is unknown", "postgresql://nobody@host.invalid/none"],
] as const) {
  test(`Open: ${name} is 'unavailable'`, async () => {
    await assert.rejects(openDatabase(url, quiet), StoreUnavailable);
  });
}

test("Open: a database that does not exist is 'unavailable' and named", async () => {
  const url = rig.url.replace(/test_[0-9a-f]+/, "not_there");
  await assert.rejects(openDatabase(url, quiet), {
    name: "StoreUnavailable",
    message: /database "not_there" does not exist/,
  });
});

/** Collects hints, and tells when a certain one has come. */
function hearing(): {
  readonly heard: string[];
  readonly hear: (kind: string, id: string) => void;
  until(hint: string): Promise<void>;
} {
  const heard: string[] = [];
  const waiting = new Map<string, () => void>();
  return {
    heard,
    hear: (kind, id) => {
      heard.push(`${kind}:${id}`);
      waiting.get(`${kind}:${id}`)?.();
    },
    until: (hint) =>
      heard.includes(hint)
        ? Promise.resolve()
        : new Promise((resolve) => void waiting.set(hint, resolve)),
  };
}

test("Hints: another process hears them when the transaction is kept, in order", async () => {
  await using other = await openDatabase(rig.url, quiet);
  const ear = hearing();
  using _ = await other.listen(ear.hear);
  const undone = rig.database.transaction(async (sql) => {
    await rig.database.notify(sql, "item", "undone");
    throw new RangeError("meant");
  });
  await assert.rejects(undone);
  await rig.database.transaction(async (sql) => {
    await rig.database.notify(sql, "item", "7:8");
    await rig.database.notify(sql, "device", "9");
  });
  await ear.until("device:9");
  assert.deepEqual(ear.heard, ["item:7:8", "device:9"]);
});

test("Hints: a disposed listener hears nothing, others go on", async () => {
  const gone = hearing();
  const stays = hearing();
  (await rig.database.listen(gone.hear))[Symbol.dispose]();
  using _ = await rig.database.listen(stays.hear);
  await rig.database.notify(rig.database, "item", "1");
  await stays.until("item:1");
  assert.deepEqual(gone.heard, []);
});

test("Hints: a lost connection comes back with 'reconnected', and hints are heard again", async () => {
  await using other = await openDatabase(rig.url, quiet);
  const ear = hearing();
  using _ = await other.listen(ear.hear);
  for (const round of ["1", "2"]) {
    ear.heard.length = 0;
    await cutOff("query LIKE 'LISTEN%'");
    await ear.until("reconnected:");
    await rig.database.notify(rig.database, "round", round);
    await ear.until(`round:${round}`);
  }
});

test("Hints: one that is too long is refused before it is sent", async () => {
  await assert.rejects(rig.database.notify(rig.database, "item", "x".repeat(1000)), RangeError);
});
