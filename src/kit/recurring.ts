/** What is made of texts that come again and again, as types and addresses do from mail to mail. */

/** How much is kept. */
interface Limits {
  /** Texts; beyond, all are forgotten: those that recur soon are there again. */
  readonly most: number;
  /** Characters of a text that is kept. */
  readonly longest: number;
}

/** Makes something of each text once, as long as it is kept. What is made depends on the text alone and is shared. */
export class Recurring<Made> {
  readonly #make: (text: string) => Made;
  readonly #limits: Limits;
  readonly #made = new Map<string, Made>();

  constructor(make: (text: string) => Made, limits: Limits) {
    this.#make = make;
    this.#limits = limits;
  }

  /** What is made of a text; `undefined` is made anew each time. */
  of(text: string): Made {
    const known = this.#made.get(text);
    if (known !== undefined) return known;
    const { most, longest } = this.#limits;
    if (text.length > longest) return this.#make(text);
    const own = copyOf(text);
    const made = this.#make(own);
    if (made === undefined) return made;
    if (this.#made.size >= most) this.#made.clear();
    this.#made.set(own, made);
    return made;
  }
}

/** V8 keeps a piece of a text as a view of all of it, which may be much longer. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
