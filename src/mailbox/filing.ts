/**
 * Copies of sent mail for the Sent folder. A copy that cannot be filed never makes its sending fail: it is
 * kept (whole mails at rest in the database: only these, only until they are filed, 7 days at the most)
 * and filed at one of the account's next requests that open its mailbox. Servers that put what they send
 * into Sent by themselves will show two copies.
 */
import { BackendError } from "../backend.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { octetsOf, wholeOf, type Octets } from "../kit/octets.ts";
import {
  advanceIntent,
  putPendingMime,
  takePendingMime,
  type IntentRow,
} from "../store/intents.ts";
import type { Database } from "../store/sql.ts";
import type { Folders } from "./folders.ts";
import { IntentHold, newLease, type Checkpoint, type SendTarget } from "./intent-hold.ts";
import { filingPauseSeconds, filingsPerRequest, refusedFilingPauseSeconds } from "./limits.ts";
import type { PendingFilings } from "./pending-filings.ts";

/** What filing needs of the account and the gateway. */
export interface FilingSource {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly accountId: string;
  readonly folders: Folders;
  readonly pending: PendingFilings;
  readonly checkpoint: Checkpoint;
}

/** One copy to be filed. `isRepeat`: an earlier attempt may have filed it. */
export interface Copy {
  readonly mime: Octets;
  readonly hold: IntentHold;
  readonly isRepeat: boolean;
}

type Intent = IntentRow<SendTarget>;

const seen = { seen: true } as const;

/** Files the copies of one account. */
export class Filing {
  readonly #source: FilingSource;

  constructor(source: FilingSource) {
    this.#source = source;
  }

  /** Where Sent stands as far as we know: a copy filed from now on is not below. */
  async start(): Promise<Pick<SendTarget, "epoch" | "next">> {
    const row = await this.#source.folders.findSpecial("sent");
    return { epoch: row?.epoch ?? "", next: row?.nextUid ?? 0 };
  }

  /** Files a copy; when that fails, keeps it for later. Rejects only when the database fails. */
  async file(intent: Intent, copy: Copy): Promise<void> {
    const { database, checkpoint } = this.#source;
    const fault = await this.#append(intent, copy).then(() => undefined, asError);
    if (fault !== undefined) return await this.#keep(intent, copy, fault);
    await checkpoint("appended");
    await advanceIntent(database, intent.id, "filed");
    await checkpoint("filed");
  }

  /** Files what earlier requests could not, a few; faults wait for the next request. */
  async filePending(): Promise<void> {
    const { pending, accountId, log } = this.#source;
    try {
      for (let count = 0; count < filingsPerRequest; count++) {
        if (!(await this.#fileOne())) break;
      }
      await pending.check(accountId);
    } catch (error) {
      log.warn({ err: error }, "Copies of sent mail still wait for being filed.");
    }
  }

  async #fileOne(): Promise<boolean> {
    const { database, clock, accountId } = this.#source;
    const nowMs = clock.now();
    const lease = newLease(nowMs);
    const found = await takePendingMime<SendTarget>(database, accountId, { ...lease, nowMs });
    if (found === undefined) return false;
    await using hold = new IntentHold(this.#source, [found.id], lease);
    await this.file(found, { mime: octetsOf(found.mime), hold, isRepeat: true });
    return true;
  }

  async #append({ target }: Intent, copy: Copy): Promise<void> {
    await this.#source.folders.atSpecial("sent", async (session, { path, epoch }) => {
      const from = target.epoch === epoch ? Math.max(target.next, 1) : 1;
      const known = copy.isRepeat
        ? await session.findByMessageId(path, target.messageId, from)
        : undefined;
      if (known === undefined) await session.append(path, copy.mime, seen);
    });
  }

  async #keep(intent: Intent, copy: Copy, fault: Error): Promise<void> {
    const { database, clock, log, pending, accountId } = this.#source;
    log.warn({ err: fault }, "A sent mail could not be filed in Sent yet.");
    const pauseMs = 1000 * pauseSecondsAfter(fault);
    copy.hold.restAfter(pauseMs);
    const notBeforeMs = clock.now() + pauseMs;
    const mime = await wholeOf(copy.mime);
    await putPendingMime(database, intent.id, { mime, notBeforeMs });
    await pending.add(accountId);
  }
}

/** What the server refused (a full mailbox) stays refused for longer than a broken connection. */
function pauseSecondsAfter(fault: Error): number {
  return fault instanceof BackendError ? refusedFilingPauseSeconds : filingPauseSeconds;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
