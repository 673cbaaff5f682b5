/**
 * Room on disk for what is too large for memory, private and short-lived: a file loses its name as soon as it is
 * open, so that it vanishes with its reader even when the process is killed. Contents are never logged.
 */
import { randomUUID } from "node:crypto";
import { readSync } from "node:fs";
import { mkdir, open, readdir, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pieceBytes, type StoredOctets } from "./octets.ts";
import { letPass } from "./small-heap.ts";

/** Less than this is kept in memory: most requests, and nothing that counts. */
export const heldBytes = 256 * 1024;

/** What all requests of a process may have on disk at a time; a further one is told to come again. */
export const maxSpooledBytes = 8 * 1024 ** 3;

/** Keeps octets for one request. */
export interface Spool {
  /**
   * Reads everything and keeps it: in memory what is small, else on disk until the request has ended. Throws
   * TooLarge beyond `maxBytes`, SpoolFull, or what the source throws.
   */
  keep(source: AsyncIterable<Buffer>, maxBytes?: number): Promise<Buffer | StoredOctets>;
}

/** Keeps everything in memory. */
export const memorySpool: Spool = {
  keep: async (source) => Buffer.concat(await Array.fromAsync(source)),
};

/** More octets came than were allowed. */
export class TooLarge extends Error {
  override name = "TooLarge";
}

/** The disk has no room, or this process's share of it is used up: for a while. */
export class SpoolFull extends Error {
  override name = "SpoolFull";
}

/** The folder of a process's spooled files. */
export class SpoolFolder {
  readonly #path: string;
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(path: string, maxBytes: number = maxSpooledBytes) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Octets on disk now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Removes what a process left that was killed between opening a file and taking its name away. */
  async clear(): Promise<void> {
    const names = await readdir(this.#path).catch(() => []);
    for (const name of names) await rm(join(this.#path, name), { force: true });
  }

  /** The files of one request. */
  lease(): SpoolLease {
    return new SpoolLease(this);
  }

  /** A new file without a name. */
  async create(): Promise<FileHandle> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    const path = join(this.#path, randomUUID());
    const handle = await open(path, "wx+", 0o600);
    // Another process that starts may have cleared it away already.
    await rm(path, { force: true });
    return handle;
  }

  /** Counts octets that go to the disk. Throws SpoolFull. */
  use(sizeBytes: number): void {
    if (this.#usedBytes + sizeBytes > this.#maxBytes) {
      throw new SpoolFull(`${this.#usedBytes} octets are spooled already`);
    }
    this.#usedBytes += sizeBytes;
  }

  /** Counts octets that are gone from it. */
  free(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes;
  }
}

/** What one request has spooled. It is gone when the last hold has ended; a lease begins with one. */
export class SpoolLease implements Spool {
  readonly #folder: SpoolFolder;
  readonly #files = new Set<SpoolFile>();
  #holds = 1;

  constructor(folder: SpoolFolder) {
    this.#folder = folder;
  }

  async keep(
    source: AsyncIterable<Buffer>,
    maxBytes = Number.MAX_SAFE_INTEGER,
  ): Promise<Buffer | StoredOctets> {
    using _hold = this.hold();
    const pieces: Buffer[] = [];
    let file: SpoolFile | undefined;
    let sizeBytes = 0;
    for await (const piece of source) {
      sizeBytes += piece.length;
      if (sizeBytes > maxBytes) throw new TooLarge(`more than ${maxBytes} octets`);
      if (file === undefined) pieces.push(piece);
      else await file.write(piece);
      if (file !== undefined || sizeBytes <= heldBytes) continue;
      file = await this.#create();
      for (const held of pieces.splice(0)) await file.write(held);
    }
    return file ?? Buffer.concat(pieces);
  }

  /** Somebody still reads: what is spooled stays until all of them have ended. */
  hold(): Disposable {
    this.#holds++;
    return { [Symbol.dispose]: () => this.end() };
  }

  /** One hold less. */
  end(): void {
    this.#holds--;
    if (this.#holds > 0) return;
    for (const file of this.#files) file.close();
    this.#files.clear();
  }

  async #create(): Promise<SpoolFile> {
    const handle = await unlessFull(this.#folder.create());
    const file = new SpoolFile(handle, this.#folder);
    this.#files.add(file);
    return file;
  }
}

class SpoolFile implements StoredOctets {
  sizeBytes = 0;
  readonly #handle: FileHandle;
  readonly #folder: SpoolFolder;

  constructor(handle: FileHandle, folder: SpoolFolder) {
    this.#handle = handle;
    this.#folder = folder;
  }

  async write(piece: Buffer): Promise<void> {
    letPass(piece.length);
    this.#folder.use(piece.length);
    const at = this.sizeBytes;
    this.sizeBytes += piece.length;
    let written = 0;
    while (written < piece.length) {
      const left = piece.length - written;
      const begun = this.#handle.write(piece, written, left, at + written);
      written += (await unlessFull(begun)).bytesWritten;
    }
  }

  async *stream(start = 0, end = this.sizeBytes, scratch?: Buffer): AsyncGenerator<Buffer> {
    const last = Math.min(end, this.sizeBytes);
    for (let at = start; at < last;) {
      const length = Math.min(scratch?.length ?? pieceBytes, last - at);
      const piece = scratch ?? Buffer.allocUnsafeSlow(length);
      const { bytesRead } = await this.#handle.read(piece, 0, length, at);
      if (bytesRead === 0) throw new Error("a spooled file is shorter than it was");
      at += bytesRead;
      letPass(scratch === undefined ? bytesRead : 0);
      yield piece.subarray(0, bytesRead);
    }
  }

  readNow(start: number, end: number): Buffer {
    const last = Math.min(end, this.sizeBytes);
    const piece = Buffer.allocUnsafeSlow(Math.max(0, last - start));
    let read = 0;
    while (read < piece.length) {
      const count = readSync(this.#handle.fd, piece, read, piece.length - read, start + read);
      if (count === 0) throw new Error("a spooled file is shorter than it was");
      read += count;
    }
    return piece;
  }

  close(): void {
    this.#folder.free(this.sizeBytes);
    // Nothing can be done about it, and the file has no name.
    this.#handle.close().catch(() => undefined);
  }
}

async function unlessFull<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    throw new SpoolFull("the disk is full", { cause: error });
  }
}
