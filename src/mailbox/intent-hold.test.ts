import assert from "node:assert/strict";
import { after, test } from "node:test";
import { StillClock } from "../kit/still-clock.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { quiet } from "../../test/rig/quiet-log.ts";
import type { Database } from "../store/sql.ts";
import { IntentHold, newLease } from "./intent-hold.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());

test("A lease that is given back stays so, whichever connection a renewal before it waits for", async () => {
  const asked: Date[] = [];
  const connection = Promise.withResolvers<void>();
  const database: Database = Object.create(store.database, {
    rows: {
      value: async (name: string, text: string, values: readonly unknown[]) => {
        asked.push(values[2] as Date);
        await connection.promise;
        return await store.database.rows(name, text, values);
      },
    },
  });
  const clock = new StillClock(0);
  const hold = new IntentHold({ database, clock, log: quiet }, ["1"], newLease(0));
  clock.advance(10_000);
  const ended = hold[Symbol.asyncDispose]();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, [new Date(40_000)]);
  connection.resolve();
  await ended;
  assert.deepEqual(asked, [new Date(40_000), new Date(0)]);
});
