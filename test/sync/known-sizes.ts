/** How large the known rows of a mailbox are. */
import { encodeBlock, KnownBlock } from "../../src/sync/known-block.ts";
import { blockSize } from "../../src/sync/limits.ts";
import { Chance } from "./chance.ts";

/** Flags as people have them: most read, many answered, some forwarded, few flagged. */
function someVersion(chance: Chance): number {
  const seen = chance.happens(0.85) ? 1 : 0;
  const flag = chance.happens(0.03) ? chance.between(1, 2) << 1 : 0;
  const answered = chance.happens(0.2) ? 8 : 0;
  const forwarded = chance.happens(0.05) ? 16 : 0;
  return seen | flag | answered | forwarded;
}

/** Sizes of the rows of `count` mails of which one in `sparse` numbers is left, in bytes. */
export function knownSizes(
  count: number,
  sparse: number,
): { rows: number; bytes: number; largest: number } {
  const chance = new Chance(7);
  const blocks = new Map<number, KnownBlock>();
  let number = 1;
  for (let left = count; left > 0; number += 1) {
    if (sparse > 1 && !chance.happens(1 / sparse)) continue;
    const index = Math.floor(number / blockSize);
    const block = blocks.get(index) ?? new KnownBlock();
    block.set(number % blockSize, someVersion(chance));
    blocks.set(index, block);
    left -= 1;
  }
  const sizes = [...blocks.values()].map((block) => encodeBlock(block).length);
  return {
    rows: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    largest: Math.max(...sizes),
  };
}
