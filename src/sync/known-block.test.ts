import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Chance } from "../../test/sync/chance.ts";
import { knownSizes } from "../../test/sync/known-sizes.ts";
import { decodeBlock, encodeBlock, KnownBlock } from "./known-block.ts";
import { blockSize } from "./limits.ts";

function blockOf(items: Iterable<readonly [number, number]>): KnownBlock {
  const block = new KnownBlock();
  for (const [offset, version] of items) block.set(offset, version);
  return block;
}

function itemsOf(block: KnownBlock): (readonly [number, number | undefined])[] {
  return [...block.offsets()].map((offset) => [offset, block.get(offset)] as const);
}

const anyBlock = fc
  .record({
    seed: fc.nat(),
    share: fc.constantFrom(0, 0.001, 0.1, 0.5, 0.97, 1),
    versions: fc.uniqueArray(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 12 }),
  })
  .map(({ seed, share, versions }) => {
    const chance = new Chance(seed);
    const offsets = Array.from({ length: blockSize }, (_, offset) => offset).filter(() =>
      chance.happens(share),
    );
    return blockOf(offsets.map((offset) => [offset, chance.one(versions)] as const));
  });

suite("Known rows", () => {
  test("A block is decoded as it was encoded", () => {
    fc.assert(
      fc.property(anyBlock, (block) => {
        assert.deepEqual(itemsOf(decodeBlock(encodeBlock(block))), itemsOf(block));
      }),
      { numRuns: 60 },
    );
  });

  test("Version 0 is not the same as no item, and 32 bits are kept", () => {
    const block = decodeBlock(
      encodeBlock(
        blockOf([
          [0, 0],
          [2047, 0xffff_ffff],
        ]),
      ),
    );
    assert.deepEqual(itemsOf(block), [
      [0, 0],
      [2047, 0xffff_ffff],
    ]);
    assert.equal(block.get(1), undefined);
  });

  test("Taking items out and putting them in again counts right", () => {
    const block = blockOf([
      [1, 1],
      [2, 2],
    ]);
    block.set(1, undefined);
    block.set(1, undefined);
    block.set(2, 5);
    assert.equal(block.size, 1);
    block.set(2, undefined);
    assert.equal(block.size, 0);
  });

  test("A row of another format or that ends too early is refused", () => {
    const bytes = encodeBlock(blockOf([[5, 3]]));
    assert.throws(() => decodeBlock(Buffer.from([9, ...bytes.subarray(1)])), /format 9/);
    assert.throws(() => decodeBlock(bytes.subarray(0, -1)), /too early/);
  });

  test("100,000 mails in a row take at most 100 KB, with no row near PostgreSQL's TOAST limit", () => {
    const { bytes, rows, largest } = knownSizes(100_000, 1);
    assert.equal(rows, 49);
    assert.ok(bytes <= 100_000, `${bytes} bytes`);
    assert.ok(largest <= 1331, `${largest} bytes in a row`);
  });

  test("100,000 mails with one in ten numbers left take at most 300 KB", () => {
    const { bytes, largest } = knownSizes(100_000, 10);
    assert.ok(bytes <= 300_000, `${bytes} bytes`);
    assert.ok(largest <= 1331, `${largest} bytes in a row`);
  });

  test("Every bit of a mail's version at random stays below the TOAST limit of 2,000 bytes", () => {
    const chance = new Chance(1);
    const items = Array.from(
      { length: blockSize },
      (_, offset) => [offset, chance.between(0, 31)] as const,
    );
    assert.ok(encodeBlock(blockOf(items.filter(() => chance.happens(0.5)))).length < 2000);
    assert.ok(encodeBlock(blockOf(items)).length < 2000);
  });
});
