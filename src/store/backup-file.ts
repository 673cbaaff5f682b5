/** Backups as files: gzip, written to their end or not left behind. */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { createGunzip, createGzip, type Gzip } from "node:zlib";
import { writeBackup, type Counts } from "./backup.ts";
import type { PostgresDatabase } from "./database.ts";
import { BackupFault } from "./errors.ts";
import { cutOff, restoreBackup } from "./restore.ts";

/** Only its owner may read a backup: it tells who has which devices, and holds mails that wait to be filed. */
const mode = 0o600;

/** Writes a backup, never over another file. Throws as `writeBackup` does, and what the file system says. */
export async function backUp(database: PostgresDatabase, file: string): Promise<Counts> {
  const output = createWriteStream(file, { flags: "wx", mode });
  await once(output, "open");
  try {
    const gzip = createGzip();
    const written = pipeline(gzip, output);
    const work = fillAll(database, gzip, written);
    // Whichever fails first, the other one ends with it.
    const [counts] = await Promise.all([work, written]);
    return counts;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function fillAll(
  database: PostgresDatabase,
  gzip: Gzip,
  written: Promise<void>,
): Promise<Counts> {
  const work = writeBackup(database, async (line) => {
    if (!gzip.write(`${line}\n`)) await Promise.race([once(gzip, "drain"), written]);
  });
  try {
    const counts = await work;
    gzip.end();
    return counts;
  } catch (error) {
    gzip.destroy(error instanceof Error ? error : undefined);
    throw error;
  }
}

/**
 * Fills an empty database from a backup file. Throws as `restoreBackup` does, and what the file system says.
 */
export async function restore(
  database: PostgresDatabase,
  folder: string,
  file: string,
): Promise<Counts> {
  try {
    return await restoreBackup(database, folder, linesOf(file));
  } catch (error) {
    if (error instanceof BackupFault) {
      throw new BackupFault(`${file} ${error.message}.`, { cause: error });
    }
    throw error;
  }
}

/** The lines of a compressed file; a line can have hundreds of megabytes. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file);
  await once(input, "open");
  const decoder = new StringDecoder("utf8");
  let pieces: string[] = [];
  for await (const text of uncompressed(input, decoder)) {
    const [first = "", ...more] = text.split("\n");
    pieces.push(first);
    for (const next of more) {
      yield pieces.join("");
      pieces = [next];
    }
  }
  if (pieces.join("") !== "") throw cutOff();
}

async function* uncompressed(
  input: ReturnType<typeof createReadStream>,
  decoder: StringDecoder,
): AsyncGenerator<string> {
  const gunzip = createGunzip();
  // The failure reaches the loop through the stream's own error.
  pipeline(input, gunzip).catch(() => {});
  try {
    for await (const chunk of gunzip) yield decoder.write(chunk);
  } catch (error) {
    throw zlibFault(error);
  }
}

function zlibFault(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_BUF_ERROR") return cutOff();
  return code === "Z_DATA_ERROR" ? new BackupFault("is no backup of Eastgate, or damaged") : error;
}
