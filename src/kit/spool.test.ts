import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { sliceOf, wholeOf } from "./octets.ts";
import { heldBytes, SpoolFolder, SpoolFull, TooLarge } from "./spool.ts";

const root = await mkdtemp(join(tmpdir(), "eastgate-spool-"));
after(() => rm(root, { recursive: true, force: true }));

async function* pieces(count: number, size = 50_000): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(size, String(index % 10));
}

const tenPieces = Buffer.concat(await Array.fromAsync(pieces(10)));

test("Spool: what is small stays in memory, what is large lies in a file without a name", async () => {
  const path = join(root, "names");
  const folder = new SpoolFolder(path);
  const lease = folder.lease();
  assert.ok(Buffer.isBuffer(await lease.keep(pieces(2))));
  assert.equal(folder.usedBytes, 0);
  const kept = await lease.keep(pieces(10));
  assert.ok(!Buffer.isBuffer(kept));
  assert.equal(folder.usedBytes, kept.sizeBytes);
  assert.deepEqual(await readdir(path), []);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  for (const _ of ["once", "and again"]) assert.ok((await wholeOf(kept)).equals(tenPieces));
  assert.ok((await wholeOf(sliceOf(kept, 7, 99_999))).equals(tenPieces.subarray(7, 99_999)));
  assert.ok(kept.readNow(499_990, 600_000).equals(tenPieces.subarray(499_990)));
  lease.end();
});

test("Spool: it is kept until the last who reads it has ended", async () => {
  const folder = new SpoolFolder(join(root, "holds"));
  const lease = folder.lease();
  const kept = await lease.keep(pieces(10));
  const reader = lease.hold();
  lease.end();
  assert.ok((await wholeOf(kept)).equals(tenPieces));
  reader[Symbol.dispose]();
  assert.equal(folder.usedBytes, 0);
  await assert.rejects(wholeOf(kept));
});

test("Spool: more than is allowed, and more than there is room for, are refused and freed", async () => {
  const folder = new SpoolFolder(join(root, "limits"), heldBytes * 2);
  const lease = folder.lease();
  await assert.rejects(lease.keep(pieces(3), 100_000), TooLarge);
  await assert.rejects(lease.keep(pieces(20)), SpoolFull);
  lease.end();
  assert.equal(folder.usedBytes, 0);
  const next = folder.lease();
  assert.equal((await wholeOf(await next.keep(pieces(10)))).length, 500_000);
  next.end();
});

test("Spool: a source that fails leaves nothing", async () => {
  const folder = new SpoolFolder(join(root, "broken"));
  const lease = folder.lease();
  async function* broken(): AsyncGenerator<Buffer> {
    yield* pieces(10);
    throw new Error("gone");
  }
  await assert.rejects(lease.keep(broken()), /gone/);
  lease.end();
  assert.equal(folder.usedBytes, 0);
});

test("Spool: what a killed process left is removed at the start", async () => {
  const path = join(root, "left");
  await mkdir(path);
  await writeFile(join(path, "left"), "x");
  await new SpoolFolder(path).clear();
  assert.deepEqual(await readdir(path), []);
  await new SpoolFolder(join(root, "not there")).clear();
});
