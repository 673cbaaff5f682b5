/** The parts of a draft in the making: kept ones octet by octet, new ones, and the sections that they get. */
import { sliceOf, type Octets } from "../../kit/octets.ts";
import { multipart, type Content } from "./edited-mail.ts";
import { fieldBytes, headerFields, isContentField } from "./header-fields.ts";
import type { Outline } from "./outline.ts";

/** One entity of the draft. */
export interface DraftNode {
  readonly content: Content;
  readonly children: readonly DraftNode[];
  /** The section that it had in the mail that it is kept from. */
  readonly kept?: string;
  /** ClientId of an added attachment. */
  readonly added?: string;
}

/** Sections in the new mail. */
export interface DraftSections {
  /** By the section in the mail before. */
  readonly kept: ReadonlyMap<string, string>;
  /** By the ClientId of an added attachment. */
  readonly added: ReadonlyMap<string, string>;
}

/** An entity as it stands, without the parts of these sections; undefined when nothing is left of it. */
export function keptNode(
  mail: Octets,
  entity: Outline,
  removed: ReadonlySet<string>,
): DraftNode | undefined {
  if (entity.children.length === 0) {
    return removed.has(entity.part.section) ? undefined : wholeNode(mail, entity);
  }
  if (!isTouched(entity, removed)) return wholeNode(mail, entity);
  const children = entity.children.flatMap((child) => keptNode(mail, child, removed) ?? []);
  return children.length === 0 ? undefined : withChildren(entity, children);
}

/** An entity with its Content-* fields and its octets as they are. */
export function wholeNode(mail: Octets, entity: Outline): DraftNode {
  return {
    content: { fields: contentFields(entity), body: [sliceOf(mail, entity.bodyStart, entity.end)] },
    children: entity.children.map((child) => wholeNode(mail, child)),
    kept: entity.part.section,
  };
}

/** A multipart with other children: its own fields, so that its boundary and parameters stay. */
export function withChildren(entity: Outline, children: readonly DraftNode[]): DraftNode {
  const { body } = multipart("mixed", entity.boundary, contentsOf(children));
  return { content: { fields: contentFields(entity), body }, children };
}

/** Several nodes in one multipart; a single one stays alone. */
export function joinedNodes(
  subtype: "mixed" | "alternative" | "related",
  boundary: string,
  nodes: readonly DraftNode[],
): DraftNode {
  const [only] = nodes;
  if (nodes.length === 1 && only !== undefined) return only;
  return { content: multipart(subtype, boundary, contentsOf(nodes)), children: nodes };
}

/** The sections of a whole mail's parts, as an IMAP server numbers them (RFC 3501 6.4.5). */
export function sectionsOf(root: DraftNode): DraftSections {
  const kept = new Map<string, string>();
  const added = new Map<string, string>();
  const note = (node: DraftNode, section: string): void => {
    if (node.kept !== undefined && node.kept !== "") kept.set(node.kept, section);
    if (node.added !== undefined) added.set(node.added, section);
    node.children.forEach((child, at) => {
      note(child, section === "" ? `${at + 1}` : `${section}.${at + 1}`);
    });
  };
  note(root, root.children.length === 0 ? "1" : "");
  return { kept, added };
}

function contentsOf(nodes: readonly DraftNode[]): readonly Content[] {
  return nodes.map(({ content }) => content);
}

function isTouched(entity: Outline, removed: ReadonlySet<string>): boolean {
  if (removed.has(entity.part.section)) return true;
  return entity.children.some((child) => isTouched(child, removed));
}

function contentFields({ header }: Outline): Buffer {
  return fieldBytes(headerFields(header).filter(isContentField));
}
