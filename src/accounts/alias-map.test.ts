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

test("Alias map: the owner of an address is found by all of it, by how it begins, or by words of its name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-aliases-"));
  const file = join(folder, "virtual");
  const lines = [
    "sales.north@example.test ann@example.test",
    "sales_south@example.test ben@example.test",
    "sales.north@example.test.org eve@example.test",
    "sales@example.test       ann@example.test",
    "sales-all@example.test   ann@example.test, ben@example.test",
  ];
  await writeFile(file, lines.join("\n"));
  const map = new AliasMap(file, {} as Log);
  const owners = (address: string, words = "") => map.ownersOf({ address, words });
  const [ann, ben, eve] = ["ann@example.test", "ben@example.test", "eve@example.test"];
  assert.deepEqual(await owners("sales.north@example.test"), [ann]);
  assert.deepEqual(await owners("sales.north@"), [ann, eve]);
  assert.deepEqual(await owners("south", "south"), [ben]);
  assert.deepEqual(await owners("sales", "sales"), [ann, ben, eve]);
  assert.deepEqual(await owners("outh", "outh"), []);
  await rm(folder, { recursive: true });
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
