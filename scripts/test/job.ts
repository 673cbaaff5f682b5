/** One thing that `npm test` runs: a static check or a test file. */
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execPath } from "node:process";
import type { Count } from "./reporter.ts";

/** How a job ended. */
export interface Outcome {
  readonly label: string;
  readonly counts: readonly Count[];
  /** What it printed; shown when something failed. */
  readonly output: string;
  readonly seconds: number;
}

/** What jobs share: their environment and a folder for their reports. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** No job takes as long on the slowest machine that we know of; one that does hangs. */
const longestMs = 240_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

/** Runs a command in a process group of its own, of which nothing is left when this resolves. */
function run(args: readonly string[], { env, signal }: Surroundings): Promise<Ended> {
  const began = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(execPath, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  }
  const stop = (why: string) => {
    chunks.push(Buffer.from(`\n${why}\n`));
    endGroup(child.pid);
  };
  const timer = setTimeout(() => stop(`Stopped after ${longestMs / 1_000} s.`), longestMs);
  const abort = () => stop("Stopped with the run.");
  signal.addEventListener("abort", abort, { once: true });
  child.once("error", reject);
  child.once("exit", () => endGroup(child.pid));
  child.once("close", (code) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    const output = Buffer.concat(chunks).toString("utf8");
    resolve({ code, output, seconds: (performance.now() - began) / 1_000 });
  });
  return promise;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // The group is empty: nothing was left.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** A check that passes when its command ends with 0. */
export async function runCheck(
  label: string,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Outcome> {
  const { code, output, seconds } = await run(args, surroundings);
  const counts: Count[] = [{ kind: code === 0 ? "passed" : "failed", name: label }];
  return { label, counts, output, seconds };
}

/** A test file: its single tests are counted, and the file itself where it ends otherwise than they say. */
export async function runFile(
  file: string,
  index: number,
  surroundings: Surroundings,
): Promise<Outcome> {
  const report = join(surroundings.folder, `report-${index}`);
  const reporters = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=./scripts/test/reporter.ts",
    `--test-reporter-destination=${report}`,
  ];
  const { code, output, seconds } = await run([...reporters, file], surroundings);
  const counts = await readCounts(report);
  await rm(report, { force: true });
  const fault = faultOf(code, counts);
  const name = `${file}: ${fault}`;
  const own: Count[] = fault === undefined ? [] : [{ kind: "failed", name }];
  return { label: file, counts: [...counts, ...own], output, seconds };
}

async function readCounts(report: string): Promise<Count[]> {
  const text = await readFile(report, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Count);
}

function faultOf(code: number | null, counts: readonly Count[]): string | undefined {
  if (counts.length === 0) return code === 0 ? "ran no test" : "did not run";
  const failed = counts.some(({ kind }) => kind === "failed");
  return code === 0 || failed ? undefined : "ended with an error outside its tests";
}
