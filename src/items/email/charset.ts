/** Bytes of a text part -> Unicode, by the declared charset where it is true, else by the best guess. */
import { isUtf8 } from "node:buffer";
import iconv from "iconv-lite";

/** What is known of the bytes besides their charset. */
interface TextOrigin {
  /** Charset parameter of Content-Type, or "". */
  readonly charset: string;
  /** The bytes are only the beginning: a torn character at the end is dropped. */
  readonly partial?: boolean;
  /** HTML may name its charset itself. */
  readonly html?: boolean;
}

/** Decodes the bytes of a text part. Never throws: unknown charsets are read as UTF-8 or windows-1252. */
export function decodeText(bytes: Buffer, origin: TextOrigin): string {
  const decoded = fromByteOrderMark(bytes) ?? decodeLabelled(bytes, origin);
  return origin.partial === true
    ? decoded.replace(/(?:\uFFFD{1,3}|[\uD800-\uDBFF])$/, "")
    : decoded;
}

/** Whether the bytes are, as they are, the UTF-8 of the text that `decodeText` makes of them. */
export function isUtf8Text(bytes: Buffer, origin: TextOrigin): boolean {
  if (hasUtf8Mark(bytes) || !isUtf8(bytes)) return false;
  const label = labelOf(bytes, origin);
  return label === "utf-8" || isVague(label);
}

/** A byte order mark is right whatever the label says. */
function fromByteOrderMark(bytes: Buffer): string | undefined {
  if (hasUtf8Mark(bytes)) return bytes.toString("utf8", 3);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return iconv.decode(bytes, "utf-16le");
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return iconv.decode(bytes, "utf-16be");
  return undefined;
}

function hasUtf8Mark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function labelOf(bytes: Buffer, { charset, html }: TextOrigin): string {
  const label = normalLabel(charset);
  return isVague(label) && html === true ? normalLabel(labelInHtml(bytes)) || label : label;
}

function decodeLabelled(bytes: Buffer, origin: TextOrigin): string {
  const label = labelOf(bytes, origin);
  if (label === "utf-8") return decodeUtf8(bytes, origin);
  // Text that is valid UTF-8 with characters beyond ASCII is practically never anything else.
  if (isVague(label))
    return looksUtf8(bytes, origin) ? bytes.toString("utf8") : decodeWestern(bytes);
  return (
    decodeKnown(bytes, label) ??
    (looksUtf8(bytes, origin) ? bytes.toString("utf8") : decodeWestern(bytes))
  );
}

/** Labels that stand for "no idea" as often as for what they say. */
function isVague(label: string): boolean {
  return label === "" || label === "windows-1252";
}

const aliases: ReadonlyMap<string, string> = new Map([
  ["utf8", "utf-8"],
  ["unicode-1-1-utf-8", "utf-8"],
  ["unicode-1-1-utf-7", "utf-7"],
  ["ascii", "windows-1252"],
  ["us-ascii", "windows-1252"],
  ["ansi_x3.4-1968", "windows-1252"],
  ["iso-8859-1", "windows-1252"],
  ["iso8859_1", "windows-1252"],
  ["iso8859-1", "windows-1252"],
  ["latin1", "windows-1252"],
  ["cp1252", "windows-1252"],
  ["iso-8859-8-i", "windows-1255"],
  // Korean and Chinese mailers name the older set and send its superset.
  ["ks_c_5601-1987", "cp949"],
  ["euc-kr", "cp949"],
  ["gb2312", "gb18030"],
  ["gbk", "gb18030"],
  ["x-gbk", "gb18030"],
  ["shift_jis", "cp932"],
  ["x-sjis", "cp932"],
  ["sjis", "cp932"],
]);

/** "8bit", "binary" and the like are no charsets; iconv-lite's own "base64" and "hex" neither. */
const noCharsets = new Set([
  "8bit",
  "7bit",
  "binary",
  "base64",
  "hex",
  "unknown",
  "unknown-8bit",
  "x-unknown",
  "default",
]);

function normalLabel(charset: string): string {
  const label =
    charset
      .trim()
      .replace(/^["']|["']$/g, "")
      .split("*")[0]
      ?.trim()
      .toLowerCase() ?? "";
  return noCharsets.has(label) ? "" : (aliases.get(label) ?? label);
}

function labelInHtml(bytes: Buffer): string {
  const head = bytes.subarray(0, 2048).toString("latin1");
  const label = /<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_:.-]{1,40})/i.exec(head)?.[1] ?? "";
  // The <meta> was read as ASCII, so it cannot be one of these.
  return /^utf-?(16|32)/i.test(label) ? "" : label;
}

function looksUtf8(bytes: Buffer, origin: TextOrigin): boolean {
  return isUtf8(origin.partial === true ? withoutTornEnd(bytes) : bytes);
}

/** Without an incomplete UTF-8 sequence at the end. */
export function withoutTornEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0)
      return sequenceLength(byte) > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

/** UTF-8 with a broken byte here and there stays UTF-8; bytes that are mostly no UTF-8 were mislabelled. */
function decodeUtf8(bytes: Buffer, origin: TextOrigin): string {
  const text = bytes.toString("utf8");
  if (looksUtf8(bytes, origin)) return text;
  const broken = text.match(/\uFFFD/g)?.length ?? 0;
  const good = text.match(/[\u0080-\uFFFC]/g)?.length ?? 0;
  return broken > good + 2 ? decodeWestern(bytes) : text;
}

function decodeWestern(bytes: Buffer): string {
  return iconv.decode(bytes, "windows-1252");
}

/** By iconv-lite; else by the platform (ISO-2022-JP, macintosh …); else by hand. */
function decodeKnown(bytes: Buffer, label: string): string | undefined {
  if (label === "iso-2022-kr") return iconv.decode(shiftedToEucKr(bytes), "cp949");
  if (label === "hz-gb-2312") return iconv.decode(hzToGb(bytes), "gb18030");
  if (label.startsWith("iso-2022-jp")) return decodeByPlatform(bytes, "iso-2022-jp");
  if (iconv.encodingExists(label)) return iconv.decode(bytes, label);
  return decodeByPlatform(bytes, label);
}

function decodeByPlatform(bytes: Buffer, label: string): string | undefined {
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    // RangeError: the platform does not know the label either; the caller guesses.
    return undefined;
  }
}

/** RFC 1557: between SO and SI the bytes are EUC-KR without their high bits. */
function shiftedToEucKr(bytes: Buffer): Buffer {
  const out: number[] = [];
  let shifted = false;
  for (const byte of bytes) {
    if (byte === 0x0e || byte === 0x0f) shifted = byte === 0x0e;
    else out.push(shifted && byte > 0x20 ? byte | 0x80 : byte);
  }
  return Buffer.from(Buffer.from(out).toString("latin1").replace("\u001b$)C", ""), "latin1");
}

/** RFC 1843: between "~{" and "~}" the bytes are GB 2312 without their high bits. */
function hzToGb(bytes: Buffer): Buffer {
  const source = bytes.toString("latin1");
  const open = source.replace(/~\{([\x21-\x7E]*?)(~\}|$)/gm, (_all, inner: string) =>
    Array.from(inner, (char) => String.fromCharCode(char.charCodeAt(0) | 0x80)).join(""),
  );
  return Buffer.from(open.replace(/~\r?\n/g, "").replaceAll("~~", "~"), "latin1");
}
