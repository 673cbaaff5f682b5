/**
 * `npm run lock`: makes package-lock.json anew from package.json. A registry that lacks the binaries of other
 * platforms makes npm leave them out of the lock, and then `npm ci` refuses it: they are put back by name.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { give, root } from "./setup.mjs";

const file = join(root, "package-lock.json");

/** What the name of a binary's package tells of its platform: "binding-linux-x64-gnu". */
const platforms = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

/** Adds an entry for each optional dependency that the lock does not hold; returns their names. */
function complete(packages) {
  const added = [];
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`]) continue;
      packages[`node_modules/${name}`] = entry(name, version, dev);
      added.push(name);
    }
  }
  return added;
}

function entry(name, version, dev) {
  const words = name.split(/[-/]/);
  const cpu = processors.find((each) => words.some((word) => word.startsWith(each)));
  const os = platforms.find((each) => words.includes(each));
  if (cpu === undefined || os === undefined)
    give(`${name} is missing from the lock, and names no platform.`);
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), optional: true, os: [os] };
}

const made = spawnSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], {
  cwd: root,
  stdio: "inherit",
});
if (made.status !== 0) give("npm could not make the lock: see its message above.");
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = complete(lock.packages);
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  file,
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
);
process.stdout.write(`${added.length} binaries of other platforms were put back.\n`);
