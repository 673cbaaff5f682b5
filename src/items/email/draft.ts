/**
 * A draft as a mail (RFC 5322) that other mail programs can go on with: a new one, or an earlier version with a
 * device's changes. What a device did not touch stays octet by octet.
 */
import type { Octets } from "../../kit/octets.ts";
import { addedContent } from "./added-attachment.ts";
import { addressField, textField } from "./address-field.ts";
import { bodyParts } from "./body-parts.ts";
import { rfc5322Date } from "./dates.ts";
import type { DraftBody, DraftChange, DraftHeader } from "./draft-change.ts";
import {
  joinedNodes,
  keptNode,
  sectionsOf,
  wholeNode,
  withChildren,
  type DraftNode,
  type DraftSections,
} from "./draft-nodes.ts";
import { mailOf } from "./edited-mail.ts";
import { fieldBytes, headerFields, isContentField, type HeaderField } from "./header-fields.ts";
import { htmlToPlain } from "./html.ts";
import type { Outline } from "./outline.ts";
import { textEntity } from "./text-entity.ts";

/** A mail that a draft is made from: its earlier version, or what the device gave as MIME. */
export interface DraftBase {
  readonly octets: Octets;
  readonly outline: Outline;
}

/** What a version of a draft is called. */
export interface DraftName {
  /** Mail address of the account. */
  readonly from: string;
  /** Begins the boundaries: nothing of the mail has such a line. */
  readonly token: string;
  /** Without angle brackets, of this version alone (RFC 5322 3.6.4); undefined: whoever sends it says so. */
  readonly version: { readonly messageId: string; readonly date: Date } | undefined;
}

/** A draft ready to be appended. */
export interface ComposedDraft extends DraftSections {
  readonly octets: Octets;
}

/** What a draft is made of. */
export interface DraftIngredients {
  /** The version before; undefined for a new draft. */
  readonly base: DraftBase | undefined;
  readonly change: DraftChange;
  /** The mail of a body that was given as MIME. */
  readonly mime: DraftBase | undefined;
  /** Sections of the version before that are taken out. */
  readonly removed: ReadonlySet<string>;
}

/** The new version of a draft. */
export async function composeDraft(of: DraftIngredients, name: DraftName): Promise<ComposedDraft> {
  const files: DraftNode[] = [];
  for (const each of of.change.added) {
    files.push({ content: await addedContent(each), children: [], added: each.clientId });
  }
  const composition = new Composition(of, name);
  const root = composition.root(files);
  const { kept, added } = sectionsOf(root);
  return {
    octets: mailOf(composition.fields(), root.content),
    // Sections of what was given as MIME are those of another mail.
    kept: of.mime === undefined ? kept : new Map(),
    added,
  };
}

class Composition {
  readonly #of: DraftIngredients;
  readonly #name: DraftName;
  #boundaries = 0;

  constructor(of: DraftIngredients, name: DraftName) {
    this.#of = of;
    this.#name = name;
  }

  fields(): Buffer {
    const { change, mime } = this.#of;
    const base = mime ?? this.#of.base;
    const own = base === undefined ? [] : headerFields(base.outline.header);
    // A mail that was given whole has its header; only how important it is stands beside it.
    const header = mime === undefined ? change.header : undefined;
    const importance = change.header?.importance;
    const replaced = replacedFields(header !== undefined, importance !== undefined);
    const isSent = this.#name.version === undefined;
    const kept = own.filter(
      (field) =>
        !isContentField(field) &&
        !replaced.has(field.name) &&
        !(isSent && draftFields.has(field.name)),
    );
    const written = [
      this.#fromField(kept),
      header === undefined ? "" : headerText(header),
      importanceFields(importance),
      versionFields(this.#name.version),
      "MIME-Version: 1.0\r\n",
    ];
    return Buffer.concat([fieldBytes(kept), Buffer.from(written.join(""))]);
  }

  root(added: readonly DraftNode[]): DraftNode {
    const { base, change, mime, removed } = this.#of;
    if (mime !== undefined)
      return this.#withAdded(mime, wholeNode(mime.octets, mime.outline), added);
    if (change.body === undefined && base !== undefined) {
      const left = keptNode(base.octets, base.outline, removed) ?? textNode("", "plain");
      return this.#withAdded(base, left, added);
    }
    return this.#fresh(change.body ?? { form: "text", text: "" }, added);
  }

  /** Files go behind what is there: into its own multipart/mixed, where it is one. */
  #withAdded(base: DraftBase, left: DraftNode, added: readonly DraftNode[]): DraftNode {
    if (added.length === 0) return left;
    const { outline } = base;
    const isMixed = outline.part.subtype === "mixed" && left.children.length > 0;
    if (isMixed) return withChildren(outline, [...left.children, ...added]);
    return joinedNodes("mixed", this.#boundary(), [left, ...added]);
  }

  /** A new text with the files of the version before and new ones. */
  #fresh(body: DraftBody, added: readonly DraftNode[]): DraftNode {
    if (body.form === "mime") throw new Error("a body of MIME is a mail of its own");
    const files = [...this.#keptFiles(), ...added];
    if (body.form === "text") {
      const text = textNode(body.text, "plain");
      return joinedNodes("mixed", this.#boundary(), [text, ...files]);
    }
    const shown = new Set(files.filter((file) => isShownBy(body.text, file)));
    const words = [textNode(htmlToPlain(body.text).text, "plain"), textNode(body.text, "html")];
    const alternative = joinedNodes("alternative", this.#boundary(), words);
    const related = joinedNodes("related", this.#boundary(), [alternative, ...shown]);
    const others = files.filter((file) => !shown.has(file));
    return joinedNodes("mixed", this.#boundary(), [related, ...others]);
  }

  #keptFiles(): readonly DraftNode[] {
    const { base, removed } = this.#of;
    if (base === undefined) return [];
    const files = new Set(bodyParts(base.outline.part).attachments.map(({ part }) => part));
    return entitiesOf(base.outline)
      .filter(({ part }) => files.has(part) && !removed.has(part.section))
      .map((entity) => wholeNode(base.octets, entity));
  }

  #fromField(kept: readonly HeaderField[]): string {
    const hasFrom = kept.some(({ name, value }) => name === "from" && value !== "");
    return hasFrom ? "" : `From: <${this.#name.from}>\r\n`;
  }

  #boundary(): string {
    return `=_${this.#name.token}_${++this.#boundaries}`;
  }
}

function versionFields(version: DraftName["version"]): string {
  if (version === undefined) return "";
  return `Date: ${rfc5322Date(version.date)}\r\nMessage-ID: <${version.messageId}>\r\n`;
}

/** What mail programs note in their drafts for themselves. */
const draftFields = new Set([
  "fcc",
  "x-account-key",
  "x-draft-info",
  "x-identity-key",
  "x-mozilla-draft-info",
  "x-mozilla-keys",
  "x-mozilla-status",
  "x-mozilla-status2",
]);

/** Of this version alone, or written anew. */
const alwaysReplaced = ["date", "message-id", "mime-version"];
const headerNames = ["to", "cc", "bcc", "reply-to", "subject"];
const importanceNames = ["importance", "priority", "x-priority", "x-msmail-priority"];

function replacedFields(header: boolean, importance: boolean): ReadonlySet<string> {
  return new Set([
    ...alwaysReplaced,
    ...(header ? headerNames : []),
    ...(header || importance ? importanceNames : []),
  ]);
}

function headerText(header: DraftHeader): string {
  return [
    addressField("To", header.to),
    addressField("Cc", header.cc),
    addressField("Bcc", header.bcc),
    addressField("Reply-To", header.replyTo),
    textField("Subject", header.subject),
  ].join("");
}

/** Normal importance needs no field (MS-ASEMAIL 2.2.2.38). */
function importanceFields(importance: DraftHeader["importance"]): string {
  if (importance === 2) return "Importance: high\r\nX-Priority: 1\r\n";
  return importance === 0 ? "Importance: low\r\nX-Priority: 5\r\n" : "";
}

function textNode(text: string, subtype: "plain" | "html"): DraftNode {
  const { fields, body } = textEntity(text, subtype);
  return { content: { fields: Buffer.from(fields), body: [body] }, children: [] };
}

/** Whether HTML shows a file by its Content-ID or its Content-Location (RFC 2557 8). */
function isShownBy(html: string, { content }: DraftNode): boolean {
  const fields = headerFields(content.fields);
  const valueOf = (field: string): string => fields.find(({ name }) => name === field)?.value ?? "";
  const id = valueOf("content-id").replace(/^<|>$/g, "");
  const location = valueOf("content-location").trim();
  const names = [
    ...(id === "" ? [] : [`cid:${id}`, `cid:${encodeURIComponent(id)}`]),
    ...(location === "" ? [] : [`"${location}"`, `'${location}'`]),
  ];
  return names.some((name) => html.includes(name));
}

function entitiesOf(root: Outline): Outline[] {
  return [root, ...root.children.flatMap(entitiesOf)];
}
