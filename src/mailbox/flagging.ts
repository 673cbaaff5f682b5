/** A change of flags: what is kept here, before and after the mail server hears of it. */
import type { FlagChange, ItemOutcome } from "../backend.ts";
import type { FollowUps } from "./follow-ups.ts";
import type { MailChange, MailOutcome } from "./mailbox.ts";

/** The changes of one upload to one folder. */
export class Flagging {
  readonly #followUps: FollowUps;
  readonly #revisions: ReadonlyMap<number, number>;
  readonly #cleared: readonly number[];
  /** What the mail server is to do. */
  readonly changes: readonly FlagChange[];

  private constructor(
    followUps: FollowUps,
    kept: { readonly revisions: ReadonlyMap<number, number>; readonly cleared: readonly number[] },
    changes: readonly FlagChange[],
  ) {
    this.#followUps = followUps;
    this.#revisions = kept.revisions;
    this.#cleared = kept.cleared;
    this.changes = changes;
  }

  /** Keeps what the changes say of flags: whoever looks once the server knows of them finds it. */
  static async begin(followUps: FollowUps, changes: readonly MailChange[]): Promise<Flagging> {
    const revisions = new Map<number, number>();
    const toServer: FlagChange[] = [];
    for (const { followUp, ...change } of changes) {
      const isSet = followUp !== undefined && change.flagStatus !== 0;
      const kept = isSet ? await followUps.keep(change.number, followUp) : undefined;
      if (kept !== undefined) revisions.set(change.number, kept.revision);
      toServer.push(kept?.isNew === true ? { ...change, touched: true } : change);
    }
    const cleared = changes
      .filter(({ flagStatus }) => flagStatus === 0)
      .map(({ number }) => number);
    return new Flagging(followUps, { revisions, cleared }, toServer);
  }

  /** The outcomes, with the counts of the flags that are set. */
  async end(outcomes: readonly ItemOutcome[]): Promise<readonly MailOutcome[]> {
    const done = new Set(
      outcomes.filter(({ kind }) => kind === "done").map(({ number }) => number),
    );
    await this.#followUps.confirm([...this.#revisions.keys()].filter((number) => done.has(number)));
    await this.#followUps.clear(this.#cleared.filter((number) => done.has(number)));
    return outcomes.map((outcome) => {
      const followUp = this.#revisions.get(outcome.number);
      return followUp === undefined ? outcome : { ...outcome, followUp };
    });
  }
}
