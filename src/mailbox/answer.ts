/** An answer or a forward on its way: what it takes from the original, and the mark that the original gets. */
import type { MailSession } from "../backend.ts";
import type { MailItem } from "../items/email/message.ts";
import type { Log } from "../kit/log.ts";
import type { Octets } from "../kit/octets.ts";
import type { Database } from "../store/sql.ts";
import { listVerbs, putVerb } from "../store/verbs.ts";
import type { Place } from "./aliased.ts";
import { composeAnswer, listOriginal, type Keep, type OriginalPlace } from "./answering.ts";
import { isNoSuchFolder } from "./folders.ts";
import { OriginalGone, type About } from "./mailbox.ts";
import type { Answering, Sent } from "./send.ts";
import { flagOf, verbOf } from "./verbs.ts";

/** What an answer needs of its account. */
export interface AnswerSource {
  readonly accountId: string;
  readonly database: Database;
  readonly log: Log;
  /** All addresses of the account: an answer to them alone is none to all. */
  readonly addresses: readonly string[];
  readonly keep: Keep;
  at<Result>(
    collectionId: string,
    work: (session: MailSession, place: Place) => Promise<Result>,
  ): Promise<Result>;
}

/** One answer or forward. */
export class Answer implements Answering {
  readonly #source: AnswerSource;
  readonly #about: About;

  constructor(source: AnswerSource, about: About) {
    this.#source = source;
    this.#about = about;
  }

  async compose(mime: Octets): Promise<Octets> {
    const { kind, isReplaced } = this.#about;
    const { keep } = this.#source;
    return await this.#atOriginal(async (place) => {
      const item = await listOriginal(place);
      return await composeAnswer(place, item, { kind, isReplaced, mime, keep });
    });
  }

  /** The mail is sent whatever becomes of this: faults are only told. */
  async mark(sent: Sent): Promise<void> {
    try {
      await this.#atOriginal(async (place, row) => {
        const item = await listOriginal(place);
        await this.#record({ place, row, item }, sent);
      });
    } catch (error) {
      if (error instanceof OriginalGone) return;
      this.#source.log.warn({ err: error }, "The original of a sent mail could not be marked.");
    }
  }

  async #record(
    { place, row, item }: { place: OriginalPlace; row: Place["row"]; item: MailItem },
    { executed, recipients }: Sent,
  ): Promise<void> {
    const { accountId, database, addresses } = this.#source;
    const { kind, number } = this.#about;
    const verb = verbOf(kind, item, { recipients, own: addresses });
    const scope = { accountId, serial: row.serial, epoch: row.epoch };
    const [known] = await listVerbs(database, scope, [number]);
    const isNew = known === undefined || known.executed < executed;
    const { session, path, epoch, uid } = place;
    const flag = flagOf(verb);
    const isFlagged = item.flags[flag];
    if (isFlagged && !isNew) return;
    // Only a change of flags tells other devices, by the folder's mark, that there is a new verb. The flag goes before
    // the verb is kept: a repeat after a crash finds that it is missing.
    if (isFlagged) await session.setFlags(path, [{ number: uid, [flag]: false }], { epoch });
    await putVerb(database, scope, { number, verb, executed });
    await session.setFlags(path, [{ number: uid, [flag]: true }], { epoch });
  }

  /** Works with the original where it is now; its epoch is looked at, as numbers of another one name other mails. */
  async #atOriginal<Result>(
    work: (place: OriginalPlace, row: Place["row"]) => Promise<Result>,
  ): Promise<Result> {
    const { collectionId, number, epoch } = this.#about;
    try {
      return await this.#source.at(collectionId, async (session, { path, row, aliases }) => {
        const now = await session.feed(path).position();
        if (now.epoch !== (epoch ?? row.epoch)) throw new OriginalGone("its folder is a new one");
        const place = { session, path, epoch: now.epoch, uid: aliases.uidOf(number) };
        return await work(place, row);
      });
    } catch (error) {
      if (!isNoSuchFolder(error)) throw error;
      throw new OriginalGone("its folder is not there any more", { cause: error });
    }
  }
}
