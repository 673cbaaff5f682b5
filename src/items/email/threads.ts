/** Which mails of a folder belong to one conversation, by their message-ids alone. */
import type { Envelope } from "./message.ts";

/** What a mail says of its conversation. */
export interface ThreadedMail {
  readonly number: number;
  readonly envelope: Pick<Envelope, "messageId" | "inReplyTo">;
  /** Message-ids, the oldest first. */
  readonly references: readonly string[];
}

/** The conversations that have several mails, as numbers; the order of the mails does not matter. */
export function threadsIn(mails: Iterable<ThreadedMail>): readonly (readonly number[])[] {
  const groups = new Groups();
  for (const { number, envelope, references } of mails) {
    const own = bareOf(envelope.messageId) || `${number}`;
    groups.join(own, bareOf(references[0] ?? envelope.inReplyTo) || own);
    groups.put(own, number);
  }
  return groups.numbers().filter(({ length }) => length > 1);
}

function bareOf(messageId: string): string {
  return /<([^<>]+)>/.exec(messageId)?.[1] ?? messageId.trim();
}

/** Ids that belong together: each points to another one of its group, the first to itself. */
class Groups {
  readonly #parents = new Map<string, string>();
  readonly #numbers: (readonly [string, number])[] = [];

  join(id: string, other: string): void {
    this.#parents.set(this.#first(id), this.#first(other));
  }

  put(id: string, number: number): void {
    this.#numbers.push([id, number]);
  }

  numbers(): number[][] {
    const groups = new Map<string, number[]>();
    for (const [id, number] of this.#numbers) {
      const first = this.#first(id);
      const group = groups.get(first) ?? [];
      groups.set(first, group);
      group.push(number);
    }
    return [...groups.values()];
  }

  /** Pointers are halved on the way, so that long chains stay cheap. */
  #first(id: string): string {
    let at = id;
    for (;;) {
      const parent = this.#parents.get(at) ?? at;
      if (parent === at) return at;
      const above = this.#parents.get(parent) ?? parent;
      this.#parents.set(at, above);
      at = above;
    }
  }
}
