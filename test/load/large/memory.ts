/** Resident memory of a process, as Linux tells it. */
import { readFile, writeFile } from "node:fs/promises";

/** Now, and the most so far, in MB. */
export async function memoryOf(pid: number): Promise<{ nowMb: number; peakMb: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) / 1024;
  return { nowMb: mb("VmRSS"), peakMb: mb("VmHWM") };
}

/** Begins to count the most anew; what it is now, in MB. */
export async function resetPeak(pid: number): Promise<number> {
  // proc(5): 5 resets the peak resident set size.
  await writeFile(`/proc/${pid}/clear_refs`, "5");
  return (await memoryOf(pid)).nowMb;
}
