/** Plain text of a body: format=flowed, line ends, cutting at a size. */

/** All line ends as CRLF, as mail has them. */
export function withCrlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

/** Joins the soft-broken lines of format=flowed (RFC 3676 4.2); quoted lines join within their depth. */
export function unflow(text: string, delSp: boolean): string {
  const out: string[] = [];
  let open: { depth: number; text: string } | undefined;
  for (const line of text.split(/\r?\n/)) {
    const depth = /^>*/.exec(line)?.[0].length ?? 0;
    const content = unstuffed(line.slice(depth));
    if (open !== undefined && open.depth !== depth) {
      out.push(quoted(open));
      open = undefined;
    }
    const joined: { depth: number; text: string } = { depth, text: (open?.text ?? "") + content };
    open = undefined;
    if (!isSoft(content)) out.push(quoted(joined));
    else open = delSp ? { depth, text: joined.text.slice(0, -1) } : joined;
  }
  if (open !== undefined) out.push(quoted(open));
  return out.join("\r\n");
}

/** A line that ends in a space goes on in the next one, except the signature separator (RFC 3676 4.3). */
function isSoft(content: string): boolean {
  return content.endsWith(" ") && content !== "-- ";
}

function unstuffed(content: string): string {
  return content.startsWith(" ") ? content.slice(1) : content;
}

function quoted(line: { depth: number; text: string }): string {
  return line.depth === 0 ? line.text : `${">".repeat(line.depth)} ${line.text}`;
}

/** Without the commands of text/enriched (RFC 1896): "<<" is a "<", a lone line break is a space. */
export function unenriched(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(/<param>[^<]{0,1000}<\/param>/gi, "")
    .replace(/<<|<\/?[A-Za-z][A-Za-z0-9-]{0,60}>/g, (command) => (command === "<<" ? "<" : ""))
    .replace(/\n+/g, (breaks) => (breaks.length === 1 ? " " : breaks.slice(1)));
}

/** Bytes of a text in UTF-8. */
export function utf8Size(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Bytes of a piece of a text in UTF-8; for short pieces, which a call out of JavaScript would cost more than. */
export function utf8SizeOf(text: string, start: number, end: number): number {
  let bytes = end - start;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) bytes += unit < 0x800 ? 1 : 2;
    // A pair of surrogates takes four bytes; one that is alone is written as U+FFFD, which takes three.
    if (isHighSurrogate(unit) && at + 1 < end && isLowSurrogate(text.charCodeAt(at + 1))) at++;
  }
  return bytes;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Code units back from a cut that are looked at for a character made of several code points. */
const maxClusterUnits = 16;

/** The beginning of a text that takes at most `maxBytes` in UTF-8, cut between characters. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || utf8Size(text) <= maxBytes) return text;
  return text.slice(0, cutPoint(text, unitsWithin(text, maxBytes)));
}

/** How many code units of a text fit in `maxBytes` of UTF-8, never half a surrogate pair. */
function unitsWithin(text: string, maxBytes: number): number {
  const target = new Uint8Array(Math.max(0, Math.min(maxBytes, text.length * 3)));
  // encodeInto stops before the first character that does not fit whole.
  return new TextEncoder().encodeInto(text, target).read;
}

/** The nearest place at or before `at` that is not inside a line end or a joined character. */
function cutPoint(text: string, at: number): number {
  let end = at;
  const least = Math.max(0, at - maxClusterUnits);
  while (end > least && joinsWithNext(text, end))
    end -= isLowSurrogate(text.charCodeAt(end - 1)) ? 2 : 1;
  if (end <= least && least > 0) return at;
  return Math.max(end, 0);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Combining marks, variation selectors and joiners belong to what stands before them. */
const joiner = /^(?:\p{M}|\p{Emoji_Modifier}|\u200D)/u;

function joinsWithNext(text: string, at: number): boolean {
  if (at >= text.length) return false;
  if (text.startsWith("\r\n", at - 1)) return true;
  return text[at - 1] === "\u200D" || joiner.test(text.slice(at, at + 2));
}

/** The first `maxLength` characters on one line, for a Preview (MS-ASAIRS 2.2.2.35.1). */
export function previewOf(text: string, maxLength: number): string {
  // Only the beginning is looked at: runs of blanks and quotes make previews start late.
  const line = text
    .slice(0, maxLength * 40)
    .replace(/(?:[\s\p{Cf}]|\u034F)+/gu, " ")
    .trim();
  let end = Math.min(maxLength, line.length);
  if (end < line.length && isLowSurrogate(line.charCodeAt(end))) end--;
  return line.slice(0, end).trimEnd();
}
