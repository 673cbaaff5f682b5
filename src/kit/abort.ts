/** Waiting that ends when nobody waits any more. */
import type { Clock } from "./clock.ts";

/** Something took longer than it may. */
export class TimeLimitPassed extends Error {
  override name = "TimeLimitPassed";
}

/** Runs `work` with a signal that also fires after `limitMs`; rejects then, even if `work` goes on. */
export async function within<Result>(
  clock: Clock,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  using _timer = clock.after(limitMs, () =>
    late.abort(new TimeLimitPassed(`took longer than ${limitMs} ms`)),
  );
  return await untilAborted(work(late.signal), late.signal);
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it fires. */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
