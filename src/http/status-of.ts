/** The number that an answer is known by in the log and in the metrics. */

const success = 1;

/**
 * The Status of an answer: its own, else that of its entries (Sync and GetItemEstimate have one for each
 * collection): the first that is no success. Undefined where it has none.
 */
export function statusOf(answer: unknown): number | undefined {
  if (typeof answer !== "object" || answer === null || ArrayBuffer.isView(answer)) return undefined;
  if ("Status" in answer && typeof answer.Status === "number") return answer.Status;
  const inner = Object.values(answer)
    .map(statusOf)
    .filter((status) => status !== undefined);
  return inner.find((status) => status !== success) ?? inner[0];
}
