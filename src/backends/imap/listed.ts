/** Metadata that came along with a look at a folder: what is shown next need not be asked for again. */
import type { MailItem } from "../../items/email/message.ts";
import { listedPerLook } from "./limits.ts";

/** What the last look at each folder brought, for one request. */
export class ListedItems {
  readonly #folders = new Map<string, Map<number, MailItem>>();

  /** A new look at a folder begins; what an earlier one brought is old. */
  begin(path: string): void {
    this.#folders.delete(path);
  }

  /** Keeps items of a folder that are at or above a number, up to a limit. */
  keeper(path: string, from: number): (item: MailItem) => void {
    const items = this.#folders.get(path) ?? new Map<number, MailItem>();
    this.#folders.set(path, items);
    return (item) => {
      if (item.number >= from && items.size < listedPerLook) items.set(item.number, item);
    };
  }

  /** Gives away what is kept of these items. */
  take(path: string, numbers: readonly number[]): MailItem[] {
    const items = this.#folders.get(path);
    if (items === undefined) return [];
    return numbers.flatMap((number) => {
      const item = items.get(number);
      items.delete(number);
      return item ?? [];
    });
  }
}
