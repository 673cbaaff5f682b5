import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "./database.ts";

test("Test databases: each is migrated and apart from the others", async () => {
  await using first = await openTestDatabase();
  await using second = await openTestDatabase();
  const insert = "INSERT INTO accounts (domain, login, email) VALUES ('d', 'l', 'l@d')";
  await first.database.rows("test.insert", insert);
  const count = "SELECT count(*) AS count FROM accounts";
  assert.deepEqual(await first.database.rows("test.count", count), [{ count: 1n }]);
  assert.deepEqual(await second.database.rows("test.count", count), [{ count: 0n }]);
});
