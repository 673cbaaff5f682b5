/** Takes a stream of IMAP apart into lines and literals, so that lines can be changed on their way. */
import { Buffer } from "node:buffer";

/** Passes literals on as they are and each line through `change`; undefined drops the line. */
export class Splitter {
  readonly #change: (line: string) => string | undefined;
  #rest = Buffer.alloc(0);
  #literalLeft = 0;
  /** The literals of a line that was dropped go with it. */
  #drops = false;
  /** A line that goes on after a literal is no line of its own. */
  #continues = false;

  constructor(change: (line: string) => string | undefined) {
    this.#change = change;
  }

  /** What goes on of a chunk now. */
  push(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#literalLeft > 0) {
        const piece = this.#rest.subarray(0, this.#literalLeft);
        if (piece.length === 0) break;
        this.#literalLeft -= piece.length;
        this.#rest = this.#rest.subarray(piece.length);
        if (!this.#drops) out.push(piece);
        continue;
      }
      const end = this.#rest.indexOf("\n");
      if (end < 0) break;
      const line = this.#rest.toString("latin1", 0, end + 1);
      this.#rest = this.#rest.subarray(end + 1);
      out.push(this.#pass(line));
    }
    return Buffer.concat(out);
  }

  #pass(line: string): Buffer {
    const [, size, plus] = /\{(\d+)(\+?)\}\r?\n$/.exec(line) ?? [];
    const changed = this.#continues ? this.#kept(line) : this.#change(line);
    this.#drops = changed === undefined;
    // Whoever waits for leave to send a literal never gets it for a line that was dropped.
    const follows = size !== undefined && (!this.#drops || plus === "+");
    this.#continues = follows;
    this.#literalLeft = follows ? Number(size) : 0;
    return Buffer.from(changed ?? "", "latin1");
  }

  #kept(line: string): string | undefined {
    return this.#drops ? undefined : line;
  }
}
