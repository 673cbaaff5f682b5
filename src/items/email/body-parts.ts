/** Which parts of a mail are its body and which are attachments, judged as mail clients do. */
import { maxBodySegments } from "./limits.ts";
import type { Part } from "./message.ts";

/** What a mail shows: its richest and its plainest rendition, part by part, and all the rest. */
export interface BodyParts {
  /** The rendition with HTML where there is one. */
  readonly rich: readonly Part[];
  /** The rendition with plain text where there is one; HTML parts in it must be converted. */
  readonly plain: readonly Part[];
  readonly attachments: readonly AttachedPart[];
}

/** A part that is no body. */
export interface AttachedPart {
  readonly part: Part;
  /** Inside a multipart/related: the HTML shows it. */
  readonly related: boolean;
}

/** Splits a mail into body and attachments. */
export function bodyParts(structure: Part): BodyParts {
  const found = walk(structure, { related: false, first: true });
  return withLimit(withSubstitute(structure, found));
}

interface Place {
  readonly related: boolean;
  /** No part of a body came before: a text part with a file name may still be the body. */
  readonly first: boolean;
}

const nothing: BodyParts = { rich: [], plain: [], attachments: [] };

function walk(part: Part, place: Place): BodyParts {
  if (part.type !== "multipart") return leaf(part, place);
  if (part.subtype === "alternative") return alternative(part.children, place);
  if (part.subtype === "related") return related(part, place);
  if (part.subtype === "appledouble") return walkAll(part.children.slice(1), place);
  return walkAll(part.children, place);
}

function walkAll(parts: readonly Part[], place: Place): BodyParts {
  let all = nothing;
  for (const part of parts) {
    const first = place.first && all.rich.length === 0;
    all = joined(all, walk(part, { ...place, first }));
  }
  return all;
}

function joined(a: BodyParts, b: BodyParts): BodyParts {
  return {
    rich: [...a.rich, ...b.rich],
    plain: [...a.plain, ...b.plain],
    attachments: [...a.attachments, ...b.attachments],
  };
}

/** The last alternative with HTML is the richest (RFC 2046 5.1.4); the first without is the plainest. */
function alternative(parts: readonly Part[], place: Place): BodyParts {
  const found = parts.map((part) => walk(part, place)).filter((each) => each !== nothing);
  const withWords = found.filter((each) => each.rich.some((part) => part.sizeBytes > 0));
  // Some mailers add an HTML alternative of no bytes at all.
  const bodies = withWords.length > 0 ? withWords : found.filter((each) => each.rich.length > 0);
  const rich = bodies.findLast((each) => each.rich.some(isHtml)) ?? bodies.at(-1);
  const plain = bodies.find((each) => !each.plain.some(isHtml)) ?? bodies[0];
  return {
    rich: rich?.rich ?? [],
    plain: plain?.plain ?? [],
    attachments: found.flatMap((each) => each.attachments),
  };
}

/** The root is the part named by "start", else the first (RFC 2387 3.2); the others belong to it. */
function related(part: Part, place: Place): BodyParts {
  const start = (part.parameters["start"] ?? "").replace(/^<|>$/g, "");
  const named = part.children.find((child) => start !== "" && child.contentId === start);
  const root = named ?? part.children[0];
  if (root === undefined) return nothing;
  const others = part.children.filter((child) => child !== root);
  const shown = walk(root, place);
  const first = place.first && shown.rich.length === 0;
  return joined(shown, walkAll(others, { related: shown.rich.some(isHtml), first }));
}

function leaf(part: Part, place: Place): BodyParts {
  if (isHidden(part)) return nothing;
  if (isBody(part, place)) return { rich: [part], plain: [part], attachments: [] };
  return { rich: [], plain: [], attachments: [{ part, related: place.related }] };
}

/** Other forms of a body for clients that know them; shown by nobody else. */
function isHidden(part: Part): boolean {
  return part.type === "text" && (part.subtype === "x-amp-html" || part.subtype === "watch-html");
}

function isBody(part: Part, place: Place): boolean {
  if (part.type !== "text" || part.disposition === "attachment") return false;
  if (part.fileName !== "" && !place.first) return false;
  // The pieces of a web page beside its root, such as its style sheet, are no further text.
  if (place.related && !place.first) return false;
  return !attachedTexts.has(part.subtype);
}

/** Text that is data rather than words. */
const attachedTexts = new Set(
  "calendar vcard x-vcard directory css csv rtf xml javascript x-patch x-diff rfc822-headers".split(
    " ",
  ),
);

/** Whether a part is HTML. */
export function isHtml(part: Part): boolean {
  return part.type === "text" && part.subtype === "html";
}

/** A mail without a body shows the words that it has in another form: its only text, or a report's status. */
function withSubstitute(structure: Part, found: BodyParts): BodyParts {
  const substitute = found.rich.length > 0 ? undefined : substituteIn(structure);
  if (substitute === undefined) return found;
  const attachments = found.attachments.filter(({ part }) => part !== substitute);
  return { rich: [substitute], plain: [substitute], attachments };
}

function substituteIn(structure: Part): Part | undefined {
  if (structure.type === "multipart" && structure.subtype === "report") {
    return structure.children.find(
      ({ type, subtype }) => type === "message" && /-(?:status|notification|report)$/.test(subtype),
    );
  }
  const isSoleText = structure.type === "text" && structure.disposition !== "attachment";
  return isSoleText && structure.subtype !== "calendar" ? structure : undefined;
}

function withLimit(parts: BodyParts): BodyParts {
  const beyond = parts.rich.slice(maxBodySegments).map((part) => ({ part, related: false }));
  return {
    rich: parts.rich.slice(0, maxBodySegments),
    plain: parts.plain.slice(0, maxBodySegments),
    attachments: [...parts.attachments, ...beyond],
  };
}

/** All parts below a node, itself first; does not look into embedded messages. */
export function partsOf(structure: Part): readonly Part[] {
  const parts: Part[] = [];
  const add = (part: Part): void => {
    parts.push(part);
    if (part.type === "multipart") part.children.forEach(add);
  };
  add(structure);
  return parts;
}

/** The part with this section, embedded messages included; undefined when the mail has none. */
export function findPart(structure: Part, section: string): Part | undefined {
  const waiting = [structure];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.section === section) return part;
    waiting.push(...part.children.toReversed());
  }
  return undefined;
}
