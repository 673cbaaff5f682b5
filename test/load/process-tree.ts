/** What a server of several processes works and holds, as Linux tells it. */
import { readdir, readFile } from "node:fs/promises";

const ticksPerSecond = 100;

interface ProcessLine {
  readonly parent: number;
  /** Own and that of children that have ended. */
  readonly ticks: number;
}

/** CPU seconds of these processes and all below them, those that have ended included. */
export async function cpuSecondsOf(pids: readonly number[]): Promise<number> {
  const lines = await processes();
  let ticks = 0;
  const waiting = [...pids];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    ticks += lines.get(pid)?.ticks ?? 0;
    for (const [child, { parent }] of lines) if (parent === pid) waiting.push(child);
  }
  return ticks / ticksPerSecond;
}

async function processes(): Promise<ReadonlyMap<number, ProcessLine>> {
  const lines = new Map<number, ProcessLine>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await lineOf(name);
    if (line !== undefined) lines.set(Number(name), line);
  }
  return lines;
}

/** Undefined when the process has ended meanwhile. */
async function lineOf(pid: string): Promise<ProcessLine | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), ticks };
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
