/**
 * Labels of a mail that are no categories: state that the eight bits of its version have no room for. They begin
 * with a character that no category has, and stand before the categories.
 */

/** What each of them begins with. */
const mark = "\u0001";

/** Tells one Flag with its dates from another: a mail's count of them. */
const followUpMark = `${mark}flag:`;

function isInner(label: string): boolean {
  return label.startsWith(mark);
}

/** The labels that are categories. */
export function categoriesIn(labels: readonly string[]): readonly string[] {
  return labels.some(isInner) ? labels.filter((label) => !isInner(label)) : labels;
}

/** The labels with these categories in the place of theirs. */
export function withCategories(
  labels: readonly string[],
  categories: readonly string[],
): readonly string[] {
  return [...labels.filter(isInner), ...categoriesIn(categories)];
}

/** The labels with this count of the Flag; undefined: without one. */
export function withFollowUp(
  labels: readonly string[],
  revision: number | undefined,
): readonly string[] {
  const others = labels.filter((label) => !label.startsWith(followUpMark));
  if (revision === undefined) return others;
  const inner = [...others.filter(isInner), `${followUpMark}${revision}`];
  return [...inner.toSorted(), ...categoriesIn(others)];
}
