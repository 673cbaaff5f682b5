import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "../../test/rig/database.ts";

const { database, ...rest } = await openTestDatabase();
after(() => rest[Symbol.asyncDispose]());

/** Our tables, but for the one that hangs on nothing: which migrations were applied. */
const tables = `SELECT tables.table_name AS name, array_agg(column_name::text) AS columns
  FROM information_schema.tables JOIN information_schema.columns USING (table_schema, table_name)
  WHERE table_schema = 'public' AND tables.table_name <> 'migrations'
  GROUP BY tables.table_name`;

/** Tables whose rows need no format of their own, and why. */
const withoutFormat: Readonly<Record<string, string>> = {
  audit: "an event is words for the operator, never read by the gateway",
  skipped_items: "a reason is words for the operator, never read by the gateway",
  sync_known: "its bytes start with their format",
};

async function tablesWithout(column: string): Promise<readonly string[]> {
  const found = await database.rows<{ name: string; columns: readonly string[] }>(
    "test.tables",
    tables,
  );
  assert.ok(found.length > 8, found.map(({ name }) => name).join());
  return found.flatMap(({ name, columns }) => (columns.includes(column) ? [] : [name])).toSorted();
}

test("Tables: every row hangs on an account", async () => {
  assert.deepEqual(await tablesWithout("account_id"), ["accounts"]);
});

test("Tables: stored state carries a format version", async () => {
  assert.deepEqual(await tablesWithout("format"), Object.keys(withoutFormat));
});
