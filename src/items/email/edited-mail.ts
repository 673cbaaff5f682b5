/** A mail with some of its entities changed: everything else of it stays octet by octet. */
import { joined, sliceOf, type Octets } from "../../kit/octets.ts";
import { fieldBytes, headerFields, isContentField } from "./header-fields.ts";
import type { Outline } from "./outline.ts";

/** Octets, in memory or not, one after the other. */
export type Pieces = readonly (Buffer | Octets)[];

/** What an entity holds: its Content-* fields and its body. */
export interface Content {
  readonly fields: Buffer;
  readonly body: Pieces;
}

/** Changes of a mail. */
export interface Edits {
  /** Entities with another content. */
  readonly replaced: ReadonlyMap<Outline, Content>;
  /** Entities put behind the last one of a multipart. */
  readonly appended: ReadonlyMap<Outline, readonly Content[]>;
  /** Entities put before the first one of a multipart. */
  readonly prepended: ReadonlyMap<Outline, readonly Content[]>;
}

const lineEnd = Buffer.from("\r\n");

/** The content of a mail or of one of its entities with these changes. */
export function editedContent(mail: Octets, entity: Outline, edits: Edits): Content {
  const replaced = edits.replaced.get(entity);
  if (replaced !== undefined) return replaced;
  const fields = fieldBytes(headerFields(entity.header).filter(isContentField));
  if (!isEdited(entity, edits)) {
    return { fields, body: [sliceOf(mail, entity.bodyStart, entity.end)] };
  }
  return { fields, body: editedBody(mail, entity, edits) };
}

function isEdited(entity: Outline, edits: Edits): boolean {
  if ([edits.replaced, edits.appended, edits.prepended].some((each) => each.has(entity)))
    return true;
  return entity.children.some((child) => isEdited(child, edits));
}

function editedBody(mail: Octets, entity: Outline, edits: Edits): Pieces {
  const { boundary, children, bodyStart, end, closed } = entity;
  const delimiter = Buffer.from(`\r\n--${boundary}\r\n`);
  const pieces: (Buffer | Octets)[] = [];
  let at = bodyStart;
  for (const child of children) {
    pieces.push(sliceOf(mail, at, child.start));
    if (at === bodyStart) {
      for (const each of edits.prepended.get(entity) ?? []) {
        pieces.push(...entityOf(each), delimiter);
      }
    }
    pieces.push(...editedEntity(mail, child, edits));
    at = child.end;
  }
  for (const each of edits.appended.get(entity) ?? []) pieces.push(delimiter, ...entityOf(each));
  pieces.push(closed ? sliceOf(mail, at, end) : Buffer.from(`\r\n--${boundary}--\r\n`));
  return pieces;
}

function editedEntity(mail: Octets, entity: Outline, edits: Edits): Pieces {
  if (!isEdited(entity, edits)) return [sliceOf(mail, entity.start, entity.end)];
  const others = headerFields(entity.header).filter((field) => !isContentField(field));
  return [fieldBytes(others), ...entityOf(editedContent(mail, entity, edits))];
}

/** An entity as it stands in a multipart. */
function entityOf({ fields, body }: Content): Pieces {
  return [fields, lineEnd, ...body];
}

/** Several contents in one multipart. */
export function multipart(
  subtype: "mixed" | "alternative" | "related",
  boundary: string,
  parts: readonly Content[],
): Content {
  const body = parts.flatMap((part, at) => [
    Buffer.from(`${at === 0 ? "" : "\r\n"}--${boundary}\r\n`),
    ...entityOf(part),
  ]);
  return {
    fields: Buffer.from(`Content-Type: multipart/${subtype};\r\n boundary="${boundary}"\r\n`),
    body: [...body, Buffer.from(`\r\n--${boundary}--\r\n`)],
  };
}

/** A whole mail: fields that tell of it, then its content. */
export function mailOf(fields: Buffer, content: Content): Octets {
  return joined([fields, ...entityOf(content)]);
}
