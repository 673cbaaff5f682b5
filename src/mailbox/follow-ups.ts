/**
 * Flags with their dates (MS-ASEMAIL 2.2.2.34). What a device says is written here first, then the mail server
 * is told of the status, with a mark that makes its own count of changes rise: that wakes the other devices,
 * and the count of the row tells them that there is something new.
 */
import type { FeedItem, NumberRange } from "../feed.ts";
import { followUpOf, isPlain, type FollowUp } from "../items/email/follow-up.ts";
import { withFollowUp } from "../items/email/inner-labels.ts";
import { flagsOfMailVersion } from "../items/email/version.ts";
import {
  clearFollowUps,
  listFollowUps,
  markFollowUps,
  moveFollowUps,
  putFollowUp,
  removeFollowUps,
  type FollowUpRow,
  type FollowUpScope,
} from "../store/follow-ups.ts";
import type { Sql } from "../store/sql.ts";

/** The flags of the mails of one collection. */
export class FollowUps {
  readonly #sql: Sql;
  readonly #scope: FollowUpScope;
  #gone: readonly NumberRange[] = [];

  constructor(sql: Sql, scope: FollowUpScope) {
    this.#sql = sql;
    this.#scope = scope;
  }

  /** What devices said of these mails' flags. */
  async list(numbers: readonly number[]): Promise<ReadonlyMap<number, FollowUp>> {
    return numbers.length === 0
      ? new Map()
      : followUpsIn(await listFollowUps(this.#sql, this.#scope, numbers));
  }

  /**
   * Keeps a flag before the mail server hears of it. The count for the device's labels; `isNew`: the server is
   * to be told of more than the status. Undefined where its status is all that there is to say.
   */
  async keep(
    number: number,
    flag: FollowUp,
  ): Promise<{ readonly revision: number; readonly isNew: boolean } | undefined> {
    const { Status: _, ...task } = flag;
    const row = await putFollowUp(this.#sql, this.#scope, {
      number,
      flag: isPlain(flag) ? null : { ...task },
    });
    return row && { revision: row.revision, isNew: !row.marked };
  }

  /** The mail server knows of these flags. */
  async confirm(numbers: readonly number[]): Promise<void> {
    if (numbers.length > 0) await markFollowUps(this.#sql, this.#scope, numbers);
  }

  /** These flags are cleared. */
  async clear(numbers: readonly number[]): Promise<void> {
    if (numbers.length === 0) return;
    await clearFollowUps(this.#sql, this.#scope, { numbers, seen: false });
  }

  /** These mails are elsewhere now. */
  async move(
    to: Omit<FollowUpScope, "accountId">,
    moved: readonly { readonly number: number; readonly newNumber: number }[],
  ): Promise<void> {
    if (moved.length > 0) await moveFollowUps(this.#sql, this.#scope, { ...to, moved });
  }

  /** These mails are told to be gone. */
  leave(gone: readonly NumberRange[]): void {
    this.#gone = gone;
  }

  /** Forgets what was told last to be gone: to be called once it is sure that it is. */
  async settle(): Promise<void> {
    if (this.#gone.length > 0) await removeFollowUps(this.#sql, this.#scope, this.#gone);
    this.#gone = [];
  }

  /** The items with labels that tell flags apart; these rows of theirs that other clients cleared are over. */
  async labelled(
    items: readonly FeedItem[],
    rows: readonly FollowUpRow[],
  ): Promise<readonly FeedItem[]> {
    if (rows.length === 0) return items;
    const byNumber = new Map(rows.map((row) => [row.number, row]));
    const over = items.filter((item) => !isFlagged(item) && byNumber.get(item.number)?.flag);
    if (over.length > 0) {
      const numbers = over.map(({ number }) => number);
      await clearFollowUps(this.#sql, this.#scope, { numbers, seen: true });
    }
    return items.map((item) => {
      const row = isFlagged(item) ? byNumber.get(item.number) : undefined;
      if (row === undefined) return item;
      return { ...item, labels: withFollowUp(item.labels ?? [], row.revision) };
    });
  }
}

/** What was said of flags, by number. */
export function followUpsIn(rows: readonly FollowUpRow[]): ReadonlyMap<number, FollowUp> {
  return new Map(
    rows.flatMap(({ number, flag }) => (flag === null ? [] : [[number, followUpOf(flag)]])),
  );
}

/** Whether a mail is flagged in any way. */
export function isFlagged({ version }: FeedItem): boolean {
  return flagsOfMailVersion(version).flagStatus !== 0;
}
