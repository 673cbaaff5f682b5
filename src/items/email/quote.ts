/** The text of an original as it stands below an answer or in a forward. */
import { formatAddresses } from "./addresses.ts";
import { rfc5322Date } from "./dates.ts";
import { htmlFragment } from "./html-quote.ts";
import { escapeHtml, htmlToPlain, plainToHtml } from "./html.ts";
import type { MailItem } from "./message.ts";
import type { QuotedMail, SmartKind } from "./original.ts";

/** Where the quote stands. */
export interface QuoteStyle {
  readonly kind: SmartKind;
  /** Tells in front whose words follow; undefined where the device's own text does. */
  readonly heading: string | undefined;
}

/** Who wrote the original, to whom and when: names of header fields, as every mail program shows them. */
export function headingOf({ envelope, received }: MailItem): string {
  const rows = [
    ["From", formatAddresses(envelope.from, ", ")],
    ["Date", rfc5322Date(envelope.date ?? received)],
    ["To", formatAddresses(envelope.to, ", ")],
    ["Cc", formatAddresses(envelope.cc, ", ")],
    ["Subject", envelope.subject],
  ] as const;
  return rows
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim()}`)
    .join("\r\n");
}

/** Lines at the end of a device's text that are looked at for its own heading. */
const headingLines = 30;

/** Whether a text ends with a heading of its own: most clients write one, in their user's language. */
export function endsWithHeading(text: string, { envelope }: MailItem): boolean {
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== "")
    .slice(-headingLines)
    .map((line) => line.toLowerCase());
  return envelope.from.some(({ address, name }) => {
    const [byAddress, byName] = [address.toLowerCase(), name.trim().toLowerCase()];
    return lines.some(
      (line) =>
        (byAddress.includes("@") && line.includes(byAddress)) ||
        (byName.length > 2 && line.includes(byName) && /[:：]/.test(line)),
    );
  });
}

/** The quote as plain text; an answer marks its lines, a forward passes them on. */
export function quoteAsText(quote: QuotedMail, { kind, heading }: QuoteStyle): string {
  const texts = quote.plain.map(({ html, text }) => (html ? htmlToPlain(text).text : text));
  const text = texts.join("\r\n");
  const body = kind === "reply" ? marked(text) : text;
  return heading === undefined ? body : `${heading}\r\n\r\n${body}`;
}

function marked(text: string): string {
  return text
    .replace(/^(?:[ \t]*\r\n)+|(?:\r\n)+$/g, "")
    .split("\r\n")
    .map((line) => (line === "" || line.startsWith(">") ? `>${line}` : `> ${line}`))
    .join("\r\n");
}

const answerMargin = "margin:0 0 0 0.8ex;border-left:1px solid #cccccc;padding-left:1ex";

/** The quote as a fragment of HTML. */
export function quoteAsHtml(quote: QuotedMail, { kind, heading }: QuoteStyle): string {
  const parts = quote.rich.map(({ html, text }) =>
    html ? htmlFragment(text) : `<div>${plainToHtml(text)}</div>`,
  );
  const body = parts.join("<br>\r\n");
  const title = heading === undefined ? "" : `<p>${withBreaks(heading)}</p>\r\n`;
  if (kind === "forward") return `<br>\r\n${title}<div>${body}</div>\r\n`;
  return `<br>\r\n${title}<blockquote type="cite" style="${answerMargin}">${body}</blockquote>\r\n`;
}

function withBreaks(text: string): string {
  return escapeHtml(text).replaceAll("\r\n", "<br>\r\n");
}
