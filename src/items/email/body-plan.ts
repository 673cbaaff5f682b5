/** From a mail's structure and a client's options: what to fetch, and the body that comes of it. */
import type { Body, BodyPart } from "./data.ts";
import { bodyElements, bodyPartOf } from "./body-elements.ts";
import { bodyParts, isHtml, partsOf, type BodyParts } from "./body-parts.ts";
import { calendarBytes, maxHeaderBytes, previewTextBytes, reportBytes } from "./limits.ts";
import { detailPart, isCalendar, protection } from "./message-class.ts";
import type { MailItem, Part, PartFetched, PartWanted } from "./message.ts";
import {
  bodyPartCandidate,
  bodyTypes,
  candidates,
  optionsAt,
  type Candidate,
  type MailOptions,
} from "./options.ts";
import {
  needsOf,
  renderBody,
  renderMime,
  renderRaw,
  renderText,
  textOf,
  type Fetched,
  type Rendition,
  type TextForm,
} from "./rendition.ts";
import type { HtmlCare } from "./safe-html.ts";
import { tnefParts, unpacked } from "./tnef-parts.ts";

/** What one mail's body needs, and how it is made of it. */
export interface BodyPlan {
  /** Each section at most once. */
  readonly wanted: readonly PartWanted[];
  /** Wire octets that `wanted` brings at the most. */
  readonly wireBytes: number;
  /** The body from what was fetched; parts of other mails and missing parts are no error. */
  finish(parts: readonly PartFetched[]): EmailBody;
}

/** The body elements of a mail. */
export interface EmailBody {
  readonly Body: Body;
  readonly BodyPart?: BodyPart;
  /** 1 text, 2 HTML (MS-ASAIRS 2.2.2.32). */
  readonly NativeBodyType: 1 | 2;
  /** With what was packed into TNEF. */
  readonly attachments: BodyParts["attachments"];
  /** Text of the part that tells a report's message class or a meeting, or "". */
  readonly detail: string;
}

/** Plans the body of one mail: bounded, nothing is ever fetched a second time. */
export function planBody(item: MailItem, options: MailOptions): BodyPlan {
  const plan = planOf(item, options);
  const { layout, tries, ownPart } = plan;
  const wants = new Wants(item);
  for (const each of ownPart === undefined ? tries : [...tries, ownPart]) {
    wants.addCandidate(layout, each);
  }
  wants.addDetail();
  wants.addTnef();
  return {
    wanted: wants.list(),
    wireBytes: wants.wireBytes(),
    finish: (parts) => {
      const shown = unpacked({ item, fetched: fetchedOf(item, parts) });
      return finish(shown.item === item ? plan : planOf(shown.item, options), shown.fetched);
    },
  };
}

function planOf(item: MailItem, all: MailOptions): Plan {
  const options = optionsAt(item.received, all);
  const layout = layoutOf(item);
  const tries = candidates(options, layout);
  return { item, layout, tries, ownPart: bodyPartCandidate(options), htmlCare: all.htmlCare };
}

interface Layout {
  readonly parts: BodyParts;
  readonly native: 1 | 2;
  readonly isSmime: boolean;
  /** The server could not tell any part: what follows the header is shown as text. */
  readonly unreadable: boolean;
}

function layoutOf(item: MailItem): Layout {
  const parts = bodyParts(item.structure);
  return {
    parts,
    native: parts.rich.some(isHtml) ? bodyTypes.html : bodyTypes.text,
    isSmime: protection(item.structure) !== "none",
    unreadable: isEmptyMultipart(item.structure) && item.sizeBytes > 0,
  };
}

/** A multipart whose boundary never comes has no part, or one that is empty, as the server sees it. */
function isEmptyMultipart(structure: Part): boolean {
  if (structure.type !== "multipart") return false;
  return partsOf(structure).every(({ type, sizeBytes }) => type === "multipart" || sizeBytes === 0);
}

/** A whole part is asked for with this much more, so that a server's wrong size does not tear it. */
const sizeSlackBytes = 1024;

class Wants {
  readonly #item: MailItem;
  readonly #bytes = new Map<string, { want: number; size: number }>();

  constructor(item: MailItem) {
    this.#item = item;
  }

  addCandidate(layout: Layout, candidate: Candidate): void {
    const { type, limitBytes } = candidate;
    if (type === bodyTypes.mime) this.#addWhole(limitBytes);
    else if (layout.unreadable) this.#addWhole(limitBytes === 0 ? 0 : maxHeaderBytes + limitBytes);
    else this.#addText(layout.parts, formOf(type), limitBytes);
    if (candidate.preview > 0) this.#addText(layout.parts, "text", previewTextBytes);
  }

  addDetail(): void {
    const part = detailPart(this.#item.structure);
    if (part === undefined) return;
    this.#add(part.section, isCalendar(part) ? calendarBytes : reportBytes, part.sizeBytes);
  }

  /** What is in a TNEF part tells only the whole of it. */
  addTnef(): void {
    for (const { section, sizeBytes } of tnefParts(this.#item.structure)) {
      this.#add(section, sizeBytes + sizeSlackBytes, sizeBytes);
    }
  }

  #addWhole(wireBytes: number): void {
    if (wireBytes > 0) this.#add("", wireBytes, this.#item.sizeBytes);
  }

  #addText(parts: BodyParts, form: TextForm, limitBytes: number): void {
    for (const { part, wireBytes } of needsOf(parts, form, limitBytes)) {
      this.#add(part.section, wireBytes, part.sizeBytes);
    }
  }

  #add(section: string, want: number, size: number): void {
    const known = this.#bytes.get(section)?.want ?? 0;
    this.#bytes.set(section, { want: Math.max(known, want), size });
  }

  list(): readonly PartWanted[] {
    const { number } = this.#item;
    return [...this.#bytes].flatMap(([section, { want, size }]) => {
      if (size === 0) return [];
      const isWhole = want >= size;
      return [{ number, section, maxBytes: isWhole ? size + sizeSlackBytes : want, isWhole }];
    });
  }

  wireBytes(): number {
    return [...this.#bytes.values()].reduce((sum, { want, size }) => sum + Math.min(want, size), 0);
  }
}

function formOf(type: number): TextForm {
  return type === bodyTypes.html ? "html" : "text";
}

function fetchedOf(item: MailItem, parts: readonly PartFetched[]): Fetched {
  const own = parts.filter((part) => part.number === item.number);
  return new Map(own.map((part) => [part.section, part]));
}

interface Plan {
  readonly item: MailItem;
  readonly layout: Layout;
  readonly tries: readonly Candidate[];
  readonly ownPart: Candidate | undefined;
  readonly htmlCare: HtmlCare | undefined;
}

function finish(plan: Plan, fetched: Fetched): EmailBody {
  const part = plan.ownPart;
  const from = { fetched, htmlCare: plan.htmlCare };
  return {
    Body: firstThatFits(plan, fetched),
    ...(part === undefined ? {} : { BodyPart: bodyPartOf(plan.layout.parts, part, from) }),
    NativeBodyType: plan.layout.native,
    attachments: plan.layout.parts.attachments,
    detail: detailOf(plan.item, fetched),
  };
}

function detailOf(item: MailItem, fetched: Fetched): string {
  const part = detailPart(item.structure);
  const got = part === undefined ? undefined : fetched.get(part.section);
  return part === undefined || got === undefined ? "" : textOf(part, got.bytes, true);
}

function firstThatFits(plan: Plan, fetched: Fetched): Body {
  let body: Body = {};
  for (const candidate of plan.tries) {
    body = elementsOf(plan, candidate, fetched);
    if (body.Data !== undefined || !candidate.allOrNone) break;
  }
  return body;
}

function elementsOf(plan: Plan, candidate: Candidate, fetched: Fetched): Body {
  const from = { fetched, limitBytes: previewTextBytes };
  const preview = (): string => renderText(plan.layout.parts, "text", from).data;
  return bodyElements(render(plan, candidate, fetched), candidate, preview);
}

function render(plan: Plan, candidate: Candidate, fetched: Fetched): Rendition {
  const { type, limitBytes } = candidate;
  if (type === bodyTypes.mime) return renderMime(plan.item, fetched, limitBytes);
  const from = { fetched, limitBytes, htmlCare: plan.htmlCare };
  if (plan.layout.unreadable) return renderRaw(plan.item, formOf(type), from);
  return renderBody(plan.layout.parts, formOf(type), from);
}
