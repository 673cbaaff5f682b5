import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  differingBits,
  findLabelled,
  intern,
  isFull,
  type LabelTable,
  labelsOf,
  plainVersion,
  swept,
  withPlainVersion,
} from "./labels.ts";
import { labelSetsMost } from "./limits.ts";

function tableOf(count: number): LabelTable {
  let table: LabelTable = [];
  for (let index = 0; index < count; index += 1) ({ table } = intern(table, 0, [`label ${index}`]));
  return table;
}

suite("Interned labels", () => {
  test("The same set gets the same version, another set another one", () => {
    const first = intern([], 5, ["blue", "red"]);
    const again = intern(first.table, 5, ["blue", "red"]);
    const other = intern(first.table, 5, ["blue"]);
    assert.deepEqual(again, first);
    assert.notEqual(other.version, first.version);
    assert.deepEqual(labelsOf(other.table, first.version), ["blue", "red"]);
    assert.equal(plainVersion(first.version), 5);
  });

  test("No labels leave the version as it is", () => {
    assert.deepEqual(intern([], 31, []), { table: [], version: 31 });
    assert.deepEqual(labelsOf([], 31), []);
  });

  test("A set that was never seen is found nowhere", () => {
    assert.equal(findLabelled(tableOf(3), 1, ["other"]), undefined);
  });

  test("Changing the plain part keeps the labels", () => {
    const { table, version } = intern(tableOf(7), 1, ["red"]);
    const changed = withPlainVersion(version, 30);
    assert.equal(plainVersion(changed), 30);
    assert.deepEqual(labelsOf(table, changed), ["red"]);
  });

  test("A full table gives the places of unused sets anew and leaves the used ones where they are", () => {
    const table = tableOf(labelSetsMost);
    assert.ok(isFull(table));
    const used = findLabelled(table, 0, ["label 17"]);
    assert.ok(used !== undefined);
    const clean = swept(table, [used]);
    assert.ok(!isFull(clean));
    assert.equal(findLabelled(clean, 0, ["label 17"]), used);
    assert.equal(findLabelled(clean, 0, ["label 18"]), undefined);
    const next = intern(clean, 0, ["new"]);
    assert.equal(next.table.length, labelSetsMost);
    assert.deepEqual(labelsOf(next.table, used), ["label 17"]);
  });

  test("Beyond the limit in real use, sets are told apart by a hash and the table does not grow", () => {
    const table = tableOf(labelSetsMost);
    const one = intern(table, 3, ["one too many"]);
    const other = intern(table, 3, ["two too many"]);
    assert.equal(one.table, table);
    assert.notEqual(one.version, other.version);
    assert.equal(findLabelled(table, 3, ["one too many"]), one.version);
    assert.ok(one.version < 2 ** 32);
    assert.equal(plainVersion(one.version), 3);
  });

  test("What differs is told by its kind: bits, ordinary labels, inner ones", () => {
    const sets = [["\u0001a:1"], ["\u0001a:2"], ["\u0001a:2", "red"]];
    let table: LabelTable = [];
    const [one, two, three] = sets.map((labels) => {
      const interned = intern(table, 1, labels);
      table = interned.table;
      return interned.version;
    });
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    assert.equal(differingBits(table, one, withPlainVersion(one, 3)), 2);
    assert.equal(differingBits(table, one, two), 0x200);
    assert.equal(differingBits(table, two, three), 0x100);
    assert.equal(differingBits(table, one, three), 0x300);
    assert.equal(differingBits(table, 1, one), 0x200);
    const full = tableOf(labelSetsMost);
    assert.equal(differingBits(full, 0, intern(full, 0, ["one more"]).version), 0x300);
  });
});
