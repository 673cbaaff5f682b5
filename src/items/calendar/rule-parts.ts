/** The parts of an RRULE as jCal has them, each as a list of texts. */

/** By lower-case name: freq, byday, until … */
export type RuleParts = Readonly<Record<string, readonly string[]>>;

/** The parts of a jCal recur; undefined for what is none. */
export function rulePartsOf(value: unknown): RuleParts | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const parts: Record<string, readonly string[]> = {};
  for (const [name, part] of Object.entries(value)) parts[name] = texts(part);
  return parts;
}

function texts(part: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(part) ? part : [part];
  return all.flatMap((each) =>
    typeof each === "string" || typeof each === "number" ? [String(each)] : [],
  );
}

/** The numbers of a part; none where it is missing. */
export function numbersIn(parts: RuleParts, name: string): readonly number[] {
  return (parts[name] ?? []).map(Number);
}
