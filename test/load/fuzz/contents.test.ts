import assert from "node:assert/strict";
import { test } from "node:test";
import { Chance } from "../../sync/chance.ts";
import { contentSeeds, tryContent } from "./contents.ts";

/** `node test/load/fuzz-contents.ts` tries many more. */
const count = 1_000;

test("Broken calendars and winmail.dat stop no mail, and cost no time to speak of", () => {
  const seeds = contentSeeds();
  const chance = new Chance(20_261_126);
  for (let done = 0; done < count; done++) {
    const fault = tryContent(seeds, chance);
    assert.equal(fault, undefined, `${fault?.reason}\n${fault?.mail.toString()}`);
  }
});
