/** A reporter for node:test: one JSON line for each thing that the runner of `npm test` counts. */
import type { TestEvent } from "node:test/reporters";

/** What one line says. */
export type Count =
  | { readonly kind: "passed" | "failed"; readonly name: string }
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
  if (event.type === "test:fail") return { kind: "failed", name };
  if (!isSkipped) return { kind: "passed", name };
  return { kind: "skipped", name, reason: skip === true ? "" : skip };
}
