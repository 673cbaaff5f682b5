/** `npm run build`: the JavaScript of the published package, in dist/. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { give, root } from "./setup.mjs";

const dist = join(root, "dist");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(execPath, [compiler, "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
if (compiled.status !== 0) give("The types do not hold: see the messages above.");
cpSync(join(root, "migrations"), join(dist, "migrations"), { recursive: true });
chmodSync(join(dist, "src", "bin.js"), 0o755);
