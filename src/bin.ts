#!/usr/bin/env node
/** The `eastgate` program: makes sure of Node 24, then runs the command. Loads nothing that an older Node lacks. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { beginWithStartFlags, keepHeapSmall } from "./kit/small-heap.ts";

const neededMajor = 24;

const major = Number(process.versions.node.split(".")[0]);

if (major >= neededMajor) {
  // A newer V8 may have given up one of the flags, and no program begins with a flag that is unknown.
  if (process.argv[2] === "serve" && major === neededMajor) beginWithStartFlags();
  keepHeapSmall();
  const { runCli } = await import("./cli.ts");
  await runCli(process.argv.slice(2));
} else {
  runUnderOwnNode();
}

/** Starts this program again under the Node that is installed beside it as an optional dependency. */
function runUnderOwnNode(): void {
  const node = ownNode();
  if (node === undefined) {
    process.stderr.write(
      `Eastgate needs Node ${neededMajor}, and this is Node ${process.versions.node}: install Node ${neededMajor}, ` +
        "or reinstall eastgate with its optional dependencies.\n",
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.once("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1;
  });
}

function ownNode(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    const name = `node-${process.platform}-${process.arch}`;
    return join(dirname(require.resolve(`${name}/package.json`)), "bin", "node");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") {
      return undefined;
    }
    throw error;
  }
}
