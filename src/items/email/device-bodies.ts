/** Where a quote goes in the mail that a device hands over. */
import { bodyParts, isHtml, partsOf } from "./body-parts.ts";
import { maxDeviceTextBytes } from "./limits.ts";
import type { Outline } from "./outline.ts";
import type { Part } from "./message.ts";

/** The entities of a device's mail that its text is in. */
export interface DeviceBodies {
  /** Plain text; undefined where there is only HTML, or no text at all. */
  readonly plain: Outline | undefined;
  readonly html: Outline | undefined;
  /** The multipart/alternative that the text is in. */
  readonly alternative: Outline | undefined;
}

/**
 * Finds the last text of a device's mail, in its plain and its rich form. Text of several parts that are shown one
 * after the other, as between pictures, gets the quote in the last one alone.
 */
export function deviceBodies(root: Outline): DeviceBodies {
  const { plain, rich } = bodyParts(root.part);
  const [lastPlain, lastRich] = [plain.at(-1), rich.at(-1)];
  const entities = entitiesOf(root);
  const entityOf = (part: Part | undefined): Outline | undefined =>
    part && entities.find((entity) => entity.part === part);
  const asPlain = lastPlain !== undefined && isPlain(lastPlain) ? lastPlain : undefined;
  const asHtml = lastRich !== undefined && isHtml(lastRich) ? lastRich : undefined;
  const [text, html] = [entityOf(asPlain), entityOf(asHtml)];
  return { plain: text, html, alternative: alternativeAbove(root, html ?? text) };
}

/** Text that is words, not data shown for want of words. */
function isPlain({ type, subtype }: Part): boolean {
  return type === "text" && /^(?:plain|enriched|richtext)$/.test(subtype);
}

function entitiesOf(root: Outline): Outline[] {
  return [root, ...root.children.flatMap(entitiesOf)];
}

function alternativeAbove(root: Outline, entity: Outline | undefined): Outline | undefined {
  if (entity === undefined) return undefined;
  const above = entitiesOf(root).filter((each) => entitiesOf(each).includes(entity));
  return above.findLast(({ part }) => part.type === "multipart" && part.subtype === "alternative");
}

/** Whether a device's text is short enough to be read and written anew with a quote in it. */
export function fitsQuote(root: Outline): boolean {
  const { plain, html } = deviceBodies(root);
  return [plain, html].every((entity) => (entity?.part.sizeBytes ?? 0) <= maxDeviceTextBytes);
}

/** Whether a device signed or encrypted its mail itself: then nothing can be put into it. */
export function isSealed(root: Outline): boolean {
  return partsOf(root.part).some(({ type, subtype }) => {
    if (type === "multipart") return subtype === "signed" || subtype === "encrypted";
    return type === "application" && /^(?:x-)?pkcs7-mime$/.test(subtype);
  });
}

/** The Content-IDs of a mail's entities. */
export function contentIdsOf(root: Outline): ReadonlySet<string> {
  const ids = entitiesOf(root).map(({ part }) => part.contentId);
  return new Set(ids.filter((id) => id !== ""));
}
