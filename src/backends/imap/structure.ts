/** BODYSTRUCTURE of IMAP -> the parts of a mail, with the sections by which they can be fetched. */
import type { MessageStructureObject } from "imapflow";
import { maxPartDepth } from "../../items/email/limits.ts";
import type { Part } from "../../items/email/message.ts";
import { noEnvelope, toEnvelope } from "./envelope.ts";

/** A mail of whose structure nothing is known: one part of text that can at least be fetched. */
export const unknownStructure: Part = {
  section: "1",
  type: "text",
  subtype: "plain",
  parameters: {},
  encoding: "7bit",
  sizeBytes: 0,
  disposition: "",
  fileName: "",
  contentId: "",
  contentLocation: "",
  children: [],
};

/** The structure that imapflow parsed, sections numbered anew. */
export function toStructure(parsed: MessageStructureObject): Part {
  return messageBody(parsed, "", 0);
}

/**
 * RFC 3501 6.4.5: the parts of a message's multipart are `prefix`.1, .2 …; a body that is none is `prefix`.1.
 * imapflow gives the body of an embedded message the section of its wrapper, which names all of it.
 */
function messageBody(node: MessageStructureObject, prefix: string, depth: number): Part {
  const isMultipart = typeOf(node)[0] === "multipart";
  return toPart(node, isMultipart ? prefix : below(prefix, 1), depth);
}

function toPart(node: MessageStructureObject, section: string, depth: number): Part {
  const [type, subtype] = typeOf(node);
  const at = { section, depth: depth + 1 };
  const children = depth < maxPartDepth ? childrenOf(node, type, at) : [];
  const isMessage = type === "message" && node.childNodes !== undefined;
  return {
    section,
    type,
    subtype,
    ...namesOf(node),
    encoding: node.encoding?.trim() || "7bit",
    sizeBytes: node.size ?? children.reduce((sum, child) => sum + child.sizeBytes, 0),
    disposition: dispositionOf(node.disposition ?? ""),
    ...(isMessage ? { envelope: node.envelope ? toEnvelope(node.envelope) : noEnvelope } : {}),
    children,
  };
}

function namesOf({
  parameters = {},
  dispositionParameters = {},
  id = "",
  location = "",
}: MessageStructureObject): Pick<
  Part,
  "parameters" | "fileName" | "contentId" | "contentLocation"
> {
  return {
    parameters,
    fileName: dispositionParameters["filename"] ?? parameters["name"] ?? "",
    contentId: id.replace(/^\s*<|>\s*$/g, ""),
    contentLocation: location.replace(/\s+/g, ""),
  };
}

function childrenOf(
  { childNodes = [] }: MessageStructureObject,
  type: string,
  { section, depth }: { readonly section: string; readonly depth: number },
): readonly Part[] {
  if (type === "message") return childNodes.map((child) => messageBody(child, section, depth));
  return childNodes.map((child, at) => toPart(child, below(section, at + 1), depth));
}

/** Type and subtype; what names none is text (RFC 2045 5.2). */
function typeOf(node: MessageStructureObject): readonly [type: string, subtype: string] {
  const slash = node.type.indexOf("/");
  const [type, subtype] =
    slash === -1 ? [node.type, ""] : [node.type.slice(0, slash), node.type.slice(slash + 1)];
  if (type === "" || subtype === "")
    return type === "multipart" ? [type, "mixed"] : ["text", "plain"];
  return [type, subtype];
}

function below(prefix: string, number: number): string {
  return prefix === "" ? String(number) : `${prefix}.${number}`;
}

/** Unknown dispositions count as attachment (RFC 2183 2.8). */
function dispositionOf(value: string): string {
  return value === "" || value === "inline" ? value : "attachment";
}
