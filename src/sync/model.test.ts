/** Random histories; `node test/load/model-sync.ts` runs more of them. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { openTestDatabase } from "../../test/rig/database.ts";
import { memoryRows } from "../../test/sync/memory-rows.ts";
import { runHistory } from "../../test/sync/model-history.ts";
import { addPartnerships } from "../../test/sync/stored-scene.ts";
import { storedRows } from "./stored-rows.ts";

const inMemory = 220;
const inPostgres = 20;

suite(
  "Histories of uploads, changes by others, lost requests and answers, crashes and restarts",
  () => {
    test(`${inMemory} of them end equal, without duplicates or echoes`, async () => {
      const partnerships = ["1", "2"].map((deviceId) => ({ accountId: "1", deviceId }));
      for (let seed = 1; seed <= inMemory; seed += 1)
        await runHistory(seed, memoryRows(), partnerships);
    });

    test(`${inPostgres} of them end equal with their state in PostgreSQL`, async () => {
      await using rig = await openTestDatabase();
      const rows = storedRows(rig.database);
      for (let seed = 1001; seed <= 1000 + inPostgres; seed += 1) {
        const partnerships = await addPartnerships(rig.database, `history${seed}`, 2);
        assert.equal(partnerships.length, 2);
        await runHistory(seed, rows, partnerships);
      }
    });
  },
);
