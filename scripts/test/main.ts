/** Runs the static checks and all test files, two at a time, and ends with one line that sums up. */
import { chmod, glob, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv, env, stdout } from "node:process";
import { runCheck, runFile, type Outcome, type Surroundings } from "./job.ts";
import { canStartMail, startServices } from "./services.ts";

/** Two cores are what the suite is made for. */
const jobsAtOnce = 2;

const modules = "node_modules";
const checks: Readonly<Record<string, readonly string[]>> = {
  types: [`${modules}/typescript/bin/tsc`, "-p", "."],
  lint: [`${modules}/oxlint/bin/oxlint`, "--type-aware", "--deny-warnings"],
  format: [`${modules}/prettier/bin/prettier.cjs`, "--check", "--log-level=warn", "."],
  "unused code": [`${modules}/knip/bin/knip.js`],
};

const patterns = [
  "src/**/*.test.ts",
  "schemas/**/*.test.ts",
  "test/**/*.test.ts",
  "scripts/**/*.test.ts",
];

type Job = (surroundings: Surroundings) => Promise<Outcome>;

/** All jobs; with arguments only the test files whose path contains one of them. */
async function listJobs(wanted: readonly string[]): Promise<Job[]> {
  const found = await Array.fromAsync(glob(patterns));
  const files = found.toSorted();
  const chosen = files.filter(
    (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
  );
  const fileJobs = chosen.map(
    (file, index): Job =>
      (surroundings) =>
        runFile(file, index, surroundings),
  );
  const checkJobs = Object.entries(checks).map(
    ([label, args]): Job =>
      (surroundings) =>
        runCheck(label, args, surroundings),
  );
  return wanted.length === 0 ? [...checkJobs, ...fileJobs] : fileJobs;
}

function show({ label, counts, output, seconds }: Outcome): void {
  const of = (kind: string) => counts.filter((count) => count.kind === kind);
  const failed = of("failed");
  const sums = `${of("passed").length} passed, ${failed.length} failed, ${of("skipped").length} skipped`;
  stdout.write(
    `${failed.length === 0 ? "ok    " : "FAILED"} ${label} (${sums}, ${seconds.toFixed(1)} s)\n`,
  );
  for (const count of counts) {
    if (count.kind === "skipped") stdout.write(`       skipped: ${count.name}: ${count.reason}\n`);
  }
  if (failed.length > 0) stdout.write(`${output.trimEnd()}\n`);
}

async function runAll(jobs: readonly Job[], surroundings: Surroundings): Promise<Outcome[]> {
  const waiting = jobs.values();
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (const job of waiting) {
      if (surroundings.signal.aborted) return;
      const outcome = await job(surroundings);
      show(outcome);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: jobsAtOnce }, work));
  return outcomes;
}

const indented = (text = ""): string => text.replace(/^(?=.)/gm, "  ").replace(/(?<=.)$/, "\n");

function sumUp(outcomes: readonly Outcome[]): boolean {
  const counts = outcomes.flatMap((outcome) => outcome.counts);
  const of = (kind: string): number => counts.filter((count) => count.kind === kind).length;
  for (const count of counts) {
    if (count.kind === "failed") stdout.write(`failed: ${count.name}\n${indented(count.why)}`);
  }
  const skipped = of("skipped") === 0 ? "" : `, ${of("skipped")} skipped`;
  stdout.write(`${of("passed")} passed, ${of("failed")} failed${skipped}\n`);
  return of("failed") === 0 && of("passed") > 0;
}

async function main(): Promise<boolean> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "disconnect"])
    process.once(signal, () => stop.abort());
  const jobs = await listJobs(argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), "eastgate-"));
  // Servers of the rig run as other users.
  await chmod(folder, 0o755);
  process.env["TMPDIR"] = folder;
  try {
    await using services = await startServices();
    const surroundings = { env: { ...env, ...services.env }, folder, signal: stop.signal };
    return sumUp(await runAll(jobs, surroundings)) && !stop.signal.aborted;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (!canStartMail && argv.length === 2) {
  stdout.write(
    "All tests need root, since they start Dovecot and Postfix; as another user name a part: npm test -- src/sync\n",
  );
  process.exitCode = 1;
} else {
  process.exitCode = (await main()) ? 0 : 1;
}
if (process.connected) process.disconnect();
