/** A reporter for node:test: one JSON line for each thing that the runner of `npm test` counts. */
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

/** What one line says. */
export type Count =
  | { readonly kind: "passed"; readonly name: string }
  | { readonly kind: "failed"; readonly name: string; readonly why?: string }
  | { readonly kind: "skipped"; readonly name: string; readonly reason: string };

/** Counts single tests, not the suites around them, unless a suite is skipped whole. */
// oxlint-disable-next-line import/no-default-export -- node:test takes a reporter this way
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const count = countOf(event);
    if (count !== undefined) yield `${JSON.stringify(count)}\n`;
  }
}

function countOf(event: TestEvent): Count | undefined {
  if (event.type !== "test:pass" && event.type !== "test:fail") return undefined;
  const { name, skip, details } = event.data;
  const isSkipped = skip !== undefined && skip !== false;
  if (details.type === "suite" && !isSkipped) return undefined;
  if (event.type === "test:fail") return { kind: "failed", name, why: whyOf(event.data.details) };
  if (!isSkipped) return { kind: "passed", name };
  return { kind: "skipped", name, reason: skip === true ? "" : skip };
}

/** Lines of an error that the sum at the end shows; the whole one stands in the output of its file. */
const linesOfWhy = 20;

/** node:test wraps what a test threw. */
function whyOf({ error }: { readonly error: Error }): string {
  const lines = inspect(error.cause ?? error, { depth: 3, maxStringLength: 400 }).split("\n");
  return lines.slice(0, linesOfWhy).join("\n");
}
