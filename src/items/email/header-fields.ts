/** The fields of a header as they came, octet by octet, to be kept, left out or added to. */

/** One header field with its folded lines and its line end. */
export interface HeaderField {
  /** Lower-case. */
  readonly name: string;
  /** Unfolded value. */
  readonly value: string;
  readonly bytes: Buffer;
}

const lineFeed = 10;

/** The fields of a header, without its empty line. Lines that are no fields go along with the field before them. */
export function headerFields(header: Buffer): HeaderField[] {
  const text = header.toString("latin1");
  const gap = /^\r?\n|(?<=\n)\r?\n/.exec(text)?.index ?? text.length;
  const starts = [...text.slice(0, gap).matchAll(/^[!-9;-~]+[ \t]*:/gm)].map(({ index }) => index);
  return starts.map((start, at) => fieldOf(header.subarray(start, starts[at + 1] ?? gap)));
}

function fieldOf(bytes: Buffer): HeaderField {
  const text = bytes.toString("utf8");
  const colon = text.indexOf(":");
  const value = text.slice(colon + 1).replace(/\r?\n(?=[ \t])/g, "");
  const ended = bytes.at(-1) === lineFeed ? bytes : Buffer.concat([bytes, Buffer.from("\r\n")]);
  return { name: text.slice(0, colon).trimEnd().toLowerCase(), value: value.trim(), bytes: ended };
}

/** Whether a field tells of the content that follows, rather than of the mail. */
export function isContentField({ name }: HeaderField): boolean {
  return name.startsWith("content-");
}

/** Fields once more as one run of octets. */
export function fieldBytes(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(fields.map(({ bytes }) => bytes));
}
