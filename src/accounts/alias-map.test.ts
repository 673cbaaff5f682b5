import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Log } from "../kit/log.ts";
import { AliasMap, parseAliasMap } from "./alias-map.ts";

test("Alias map: addresses by their one target; lists, catch-alls and comments are nobody's", () => {
  const map = parseAliasMap(`# virtual
ann.smith@example.test   ann@example.test
Sales@example.test       ANN@example.test
team@example.test        ann@example.test, ben@example.test
all@example.test         ann@example.test
    ben@example.test
@example.test            ann@example.test
example.test             anything
ben.b@example.test\tben@example.test
ann@example.test         ann@example.test
`);
  assert.deepEqual(map.get("ann@example.test"), ["ann.smith@example.test", "sales@example.test"]);
  assert.deepEqual(map.get("ben@example.test"), ["ben.b@example.test"]);
  assert.equal(map.size, 2);
});

test("Alias map: a changed file is read again, one that is gone leaves what was known", async () => {
  const warnings: string[] = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  const folder = await mkdtemp(join(tmpdir(), "eastgate-aliases-"));
  const file = join(folder, "virtual");
  const map = new AliasMap(file, log as unknown as Log);
  assert.deepEqual(await map.addressesOf("ann@example.test"), []);
  assert.equal(warnings.length, 1);
  await writeFile(file, "a@example.test ann@example.test\n");
  assert.deepEqual(await map.addressesOf("Ann@example.test"), ["a@example.test"]);
  await writeFile(file, "b@example.test ann@example.test\n");
  await utimes(file, 1, 1);
  assert.deepEqual(await map.addressesOf("ann@example.test"), ["b@example.test"]);
  await rm(folder, { recursive: true });
  assert.deepEqual(await map.addressesOf("ann@example.test"), ["b@example.test"]);
  assert.equal(warnings.length, 2);
});
