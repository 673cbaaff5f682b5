import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { XMLParser } from "fast-xml-parser";
import { commands } from "./commands.ts";
import { toField } from "./vocabulary.ts";
import type { Command } from "./command.ts";
import type { CodePage, Schema } from "./vocabulary.ts";

const folder = new URL("../../shared/spec/xsd/", import.meta.url);
const skip = existsSync(folder) ? false : "no ../shared: messages are not compared with the XSDs";

/**
 * Elements of the XSDs, as "parent > child", that no schema declares yet. This list may only
 * shrink.
 */
const notYetDeclared: readonly string[] = [
  // No collection that is synchronised has documents: they are searched and fetched.
  ...[
    "ContentLength",
    "ContentType",
    "CreationDate",
    "DisplayName",
    "IsFolder",
    "IsHidden",
    "LastModifiedDate",
    "LinkId",
  ].map((name) => `AirSync:ApplicationData > DocumentLibrary:${name}`),
  // The XSD lists all of Email2 flat; MS-ASEMAIL has these in MeetingRequest and Attachment.
  ...["AirSync:ApplicationData", "ItemOperations:Properties"].flatMap((parent) =>
    [
      "CalendarType",
      "FirstDayOfWeek",
      "IsLeapMonth",
      "MeetingMessageType",
      "UmAttDuration",
      "UmAttOrder",
    ].map((name) => `${parent} > Email2:${name}`),
  ),
];

interface Node {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
}

function toNodes(parsed: unknown): Node[] {
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((entry: Record<string, unknown>) => {
    const tag = Object.keys(entry).find((key) => key !== ":@" && key !== "#text");
    if (tag === undefined) return [];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the parser gives
    const attributes = (entry[":@"] ?? {}) as Record<string, string>;
    return [{ tag: tag.replace(/^xs:/u, ""), attributes, children: toNodes(entry[tag]) }];
  });
}

interface Document {
  readonly root: Node;
  readonly namespace: string;
}

function documents(): Document[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    ignoreDeclaration: true,
  });
  return readdirSync(folder)
    .filter((file) => !file.startsWith("Autodiscover"))
    .flatMap((file) => {
      const text = readFileSync(new URL(file, folder), "utf8").replace(/^\uFEFF/u, "");
      const [root] = toNodes(parser.parse(text));
      return root === undefined
        ? []
        : [{ root, namespace: root.attributes["targetNamespace"] ?? "" }];
    });
}

/** Groups and named types of all documents, by kind, namespace and name. */
function named(all: readonly Document[]): Map<string, { node: Node; document: Document }> {
  const found = new Map<string, { node: Node; document: Document }>();
  for (const document of all) {
    for (const node of document.root.children) {
      const { name } = node.attributes;
      found.set(`${node.tag} ${document.namespace}:${name}`, { node, document });
    }
  }
  return found;
}

function lookUp(document: Document, reference: string): string {
  const [prefix = "", local] = reference.includes(":") ? reference.split(":") : ["", reference];
  const key = prefix === "" ? "xmlns" : `xmlns:${prefix}`;
  return `${document.root.attributes[key] ?? document.namespace}:${local}`;
}

class Edges {
  readonly found = new Set<string>();
  readonly #named: ReturnType<typeof named>;

  constructor(all: readonly Document[]) {
    this.#named = named(all);
    for (const document of all) {
      for (const node of document.root.children) {
        if (node.tag === "element") this.#element(node, document);
      }
    }
  }

  #element(node: Node, document: Document): void {
    const { name, type } = node.attributes;
    if (name === undefined) return;
    const parent = `${document.namespace}:${name}`;
    const typed = this.#named.get(`complexType ${lookUp(document, type ?? "")}`);
    // A type that holds itself, as Query does, is walked once.
    if (typed !== undefined && !this.#walked.has(parent)) {
      this.#walked.add(parent);
      this.#content(typed.node, typed.document, parent);
    }
    this.#content(node, document, parent);
  }

  readonly #walked = new Set<string>();

  #content(node: Node, document: Document, parent: string): void {
    for (const child of node.children) {
      const { name, ref } = child.attributes;
      if (child.tag === "element") {
        const path = ref === undefined ? `${document.namespace}:${name}` : lookUp(document, ref);
        this.found.add(`${parent} > ${path}`);
        this.#element(child, document);
      } else if (child.tag === "group" && ref !== undefined) {
        const group = this.#named.get(`group ${lookUp(document, ref)}`);
        if (group !== undefined) this.#content(group.node, group.document, parent);
      } else this.#content(child, document, parent);
    }
  }
}

/** The children that our schemas declare, as "parent > child"; "*" where any may be. */
function declared(): Set<string> {
  const found = new Set<string>();
  const walk = (schema: Schema, parent: string): void => {
    const { shape } = schema;
    if (shape.kind === "value" && shape.value === "tagNames") found.add(`${parent} > *`);
    if (shape.kind === "textOr") walk(shape.other, parent);
    if (shape.kind === "byClass") {
      for (const each of Object.values(shape.classes)) walk(each, parent);
      if (shape.extra !== undefined) walk(shape.extra, parent);
    }
    if (shape.kind === "struct" || shape.kind === "choices") {
      for (const [key, of] of Object.entries(shape.fields)) {
        const field = toField(of);
        const page: CodePage = field.page ?? shape.page;
        const child = `${page.name}:${key.slice(key.indexOf(":") + 1)}`;
        found.add(`${parent} > ${child}`);
        walk(field.schema, child);
      }
    }
  };
  for (const { request, response } of Object.values<Command>(commands)) {
    walk(request, `${request.page.name}:${request.root}`);
    walk(response, `${response.page.name}:${response.root}`);
  }
  return found;
}

describe("the XSDs of the messages", { skip }, () => {
  it("have no element that is not declared, but those that are listed", () => {
    const ours = declared();
    const theirs = new Edges(documents()).found;
    assert.ok(theirs.size > 500, String(theirs.size));
    const missing = [...theirs].filter((edge) => {
      const [parent] = edge.split(" > ");
      return !ours.has(edge) && !ours.has(`${parent} > *`);
    });
    assert.deepEqual(missing.toSorted(), notYetDeclared);
  });
});
