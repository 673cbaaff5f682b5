/**
 * Sending once (architecture.md, "Once, or said to be unknown"): an intent is committed first, then the
 * mail goes to the submission server, then "sent" is committed, then the copy is filed in Sent. A repeat
 * finds the intent. Between the end of DATA and our commit lies the one unknowable window: after a crash
 * there the mail is sent again with the same Message-ID, as a double is better than a loss.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  BackendUnavailable,
  SendRefused,
  type Credential,
  type MailTransport,
} from "../backend.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { octetsOf, scan, type Octets } from "../kit/octets.ts";
import {
  findDraftElsewhere,
  lockDraftSends,
  type DraftSend,
  type DraftVersion,
} from "../store/draft-sends.ts";
import {
  addIntent,
  advanceIntent,
  listIntents,
  renewIntent,
  retireIntent,
  takeIntent,
  type IntentName,
  type IntentRow,
} from "../store/intents.ts";
import type { Database, Sql } from "../store/sql.ts";
import type { Filing } from "./filing.ts";
import { IntentHold, newLease, pause, type Checkpoint, type SendTarget } from "./intent-hold.ts";
import { removeExpired } from "./intents.ts";
import { expiredIntentsAtOnce, intentPollMs, namelessRepeatMs, sendSeconds } from "./limits.ts";
import { DraftSentElsewhere, OriginalGone, type Submission } from "./mailbox.ts";
import { completeMail, readSubmitted, type PreparedMail, type SubmittedMail } from "./outgoing.ts";

/** What sending needs of the account and the gateway. */
export interface SenderSource {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly account: {
    readonly id: string;
    readonly email: string;
    /** All addresses that it may send with. */
    readonly addresses?: readonly string[];
  };
  readonly credential: Credential;
  readonly transport: MailTransport;
  readonly filing: Filing;
  readonly checkpoint: Checkpoint;
}

const kind = "send";

type Intent = IntentRow<SendTarget>;

/** An intent that is ours to go on with, or one without a hold: nothing is to be done any more. */
interface Claim {
  readonly intent: Intent;
  readonly hold: IntentHold | undefined;
}

/** What an answer or a forward does beside being sent. */
export interface Answering {
  /** The mail with what it takes from the original. Throws OriginalGone. */
  compose(mime: Octets): Promise<Octets>;
  /** The mail is on its way: the original is marked. May be told so again. */
  mark(sent: Sent): Promise<void>;
}

/** A mail that is on its way. */
export interface Sent {
  readonly executed: Date;
  readonly recipients: readonly string[];
}

/** Sends the mails of one request. */
export class Sender {
  readonly #source: SenderSource;

  constructor(source: SenderSource) {
    this.#source = source;
  }

  /**
   * Sends a mail and files its copy, or finds that this was done. `signal` ends it only while nothing is
   * on its way. Throws SendRefused, OriginalGone, DraftSentElsewhere, BackendUnavailable.
   */
  async send(submission: Submission, signal: AbortSignal, answering?: Answering): Promise<void> {
    const mail = await readSubmitted(octetsOf(submission.mime));
    refuseUnsendable(mail);
    const { intent, hold } = await this.#claim(submission, mail, signal);
    if (hold !== undefined) await this.#carryOut({ intent, hold }, submission, { mail, answering });
    await answering?.mark({ executed: intent.created, recipients: mail.recipients });
  }

  async #carryOut(
    claim: { readonly intent: Intent; readonly hold: IntentHold },
    submission: Submission,
    whole: { readonly mail: SubmittedMail; readonly answering: Answering | undefined },
  ): Promise<void> {
    await using hold = claim.hold;
    const { intent } = claim;
    const isNew = intent.state === "accepted";
    const prepared = this.#prepare(await this.#composed(submission, whole, isNew), intent);
    if (isNew) await this.#deliver(intent, prepared, submission.saveInSent);
    if (!submission.saveInSent) return;
    await this.#source.filing.file(intent, { mime: prepared.copy, hold, isRepeat: !isNew });
  }

  /** With what it takes from the original; what was sent and waits for being filed may have lost that. */
  async #composed(
    { mime }: Submission,
    {
      mail,
      answering,
    }: { readonly mail: SubmittedMail; readonly answering: Answering | undefined },
    isNew: boolean,
  ): Promise<SubmittedMail> {
    if (answering === undefined) return mail;
    try {
      return await readSubmitted(await answering.compose(octetsOf(mime)));
    } catch (error) {
      if (isNew || !(error instanceof OriginalGone)) throw error;
      this.#source.log.warn({ kind }, "The copy for Sent lacks its original: that is gone.");
      return mail;
    }
  }

  /** How far a mail that another command names came before; undefined: it was not sent. */
  async stageOf(
    submission: Required<Pick<Submission, "deviceId" | "key">>,
  ): Promise<"sent" | "filed" | undefined> {
    const { deviceId, key } = submission;
    const name = this.#named({ deviceId, ...key });
    const rows = await listIntents<SendTarget>(this.#source.database, name);
    const state = rows.find(({ fingerprint }) => fingerprint.equals(key.fingerprint))?.state;
    return state === "sent" || state === "filed" ? state : undefined;
  }

  /** Waits until no other device of the account is at work on sending a draft. */
  async waitForOthers(
    { deviceId, draft }: Omit<DraftSend, "accountId">,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, clock, account } = this.#source;
    const asked = { accountId: account.id, deviceId, draft };
    while ((await findDraftElsewhere(database, asked, clock.now())) === "busy") {
      await pause(clock, intentPollMs, signal);
    }
  }

  async #deliver(intent: Intent, prepared: PreparedMail, saveInSent: boolean): Promise<void> {
    const { checkpoint, clock, credential, transport, database, account } = this.#source;
    await checkpoint("accepted");
    const { recipients, mime } = prepared;
    const limit = new AbortController();
    const timer = clock.after(sendSeconds * 1000, () => limit.abort(tooSlow()));
    const outgoing = { from: account.email, recipients, mime };
    await transport.send(credential, outgoing, limit.signal).finally(() => timer.cancel());
    await checkpoint("delivered");
    await advanceIntent(database, intent.id, saveInSent ? "sent" : "filed");
    await checkpoint("sent");
  }

  #prepare(mail: SubmittedMail, intent: Intent): PreparedMail {
    const { clock, account } = this.#source;
    const { messageId } = intent.target;
    const { email, addresses = [email] } = account;
    return completeMail(mail, { messageId, from: email, addresses, date: new Date(clock.now()) });
  }

  /** Finds or writes the intent, and waits while another request works on it. */
  async #claim(submission: Submission, mail: SubmittedMail, signal: AbortSignal): Promise<Claim> {
    const name = await this.#nameOf(submission, mail);
    const attempt = attemptOf(submission);
    const isNamed = (earlier: SendTarget): boolean => isNamedBy(submission, mail, earlier);
    for (;;) {
      signal.throwIfAborted();
      const known = await this.#find(name, isNamed);
      const claim =
        known === undefined
          ? await this.#begin(name, mail, attempt)
          : await this.#take({ known, isNamed: isNamed(known.target) }, name, attempt);
      if (claim !== undefined) return claim;
      await pause(this.#source.clock, intentPollMs, signal);
    }
  }

  /** `isNamed`: whether the device's name for the mail is one of this mail alone. */
  async #find(
    name: IntentName,
    isNamed: (earlier: SendTarget) => boolean,
  ): Promise<Intent | undefined> {
    const { database, clock, log } = this.#source;
    const rows = await listIntents<SendTarget>(database, name);
    const same = rows.find((row) => row.fingerprint.equals(name.fingerprint));
    if (same === undefined) {
      if (rows.length > 0)
        log.warn({ kind }, "A ClientId came again with another mail: sent as a new one.");
      return undefined;
    }
    const ageMs = clock.now() - same.created.getTime();
    const isSoon = same.state === "accepted" || ageMs < namelessRepeatMs;
    if (isSoon || isNamed(same.target)) return same;
    await retireIntent(database, same.id);
    return undefined;
  }

  /** Writes a new intent; undefined: another request wrote it just now. */
  async #begin(
    name: IntentName,
    mail: SubmittedMail,
    attempt: Attempt,
  ): Promise<Claim | undefined> {
    const { clock, account, filing } = this.#source;
    await removeExpired(this.#source, expiredIntentsAtOnce);
    const nowMs = clock.now();
    const lease = newLease(nowMs);
    const domain = account.email.slice(account.email.lastIndexOf("@") + 1);
    const messageId = mail.messageId === "" ? `${randomUUID()}@${domain}` : mail.messageId;
    const target = { messageId, ...(await filing.start()), ...attempt };
    const intent = await this.#alone(name, attempt.draft, (sql) =>
      addIntent<SendTarget>(sql, name, { target, lease, nowMs }),
    );
    return intent && { intent, hold: new IntentHold(this.#source, [intent.id], lease) };
  }

  /** Goes on with a known intent: nothing to do, ours by now, or (undefined) another request's. */
  async #take(
    { known, isNamed }: { readonly known: Intent; readonly isNamed: boolean },
    name: IntentName,
    attempt: Attempt,
  ): Promise<Claim | undefined> {
    const { clock } = this.#source;
    if (known.state === "filed") return { intent: known, hold: undefined };
    const nowMs = clock.now();
    const lease = newLease(nowMs);
    const wanted = { id: known.id, state: known.state };
    const isUnsent = known.state === "accepted";
    const intent = await this.#alone(name, isUnsent ? attempt.draft : undefined, async (sql) => {
      const taken = await takeIntent<SendTarget>(sql, wanted, { ...lease, nowMs });
      if (taken === undefined || !isUnsent) return taken;
      // The draft may have been changed since a sending that failed. What nothing else names is repeated from now on.
      const created = isNamed ? taken.created : new Date(nowMs);
      await renewIntent(sql, taken.id, { target: attempt, created });
      return { ...taken, created };
    });
    if (intent !== undefined)
      return { intent, hold: new IntentHold(this.#source, [intent.id], lease) };
    // Sent, and somebody files it or waits to do so: the device has what it asked for.
    return known.state === "sent" ? { intent: known, hold: undefined } : undefined;
  }

  /** Takes an intent while no other device's request can; throws DraftSentElsewhere when one did, or has sent it. */
  async #alone<Result>(
    { accountId, deviceId }: IntentName,
    draft: DraftVersion | undefined,
    work: (sql: Sql) => Promise<Result>,
  ): Promise<Result> {
    const { database, clock } = this.#source;
    if (draft === undefined) return await work(database);
    return await database.transaction(async (sql) => {
      await lockDraftSends(sql, accountId);
      const how = await findDraftElsewhere(sql, { accountId, deviceId, draft }, clock.now());
      if (how !== undefined) throw new DraftSentElsewhere(how);
      return await work(sql);
    });
  }

  async #nameOf(submission: Submission, mail: SubmittedMail): Promise<IntentName> {
    const { deviceId, clientId, key } = submission;
    if (key !== undefined) return this.#named({ deviceId, ...key });
    const contents = submission.fingerprint ?? (await this.#fingerprint(submission, mail));
    const fingerprint = await withAbout(contents, submission);
    const clientKey = clientId === undefined ? fingerprint : await sha256("ClientId\n", clientId);
    return this.#named({ deviceId, clientKey: clientKey.toString("base64url"), fingerprint });
  }

  #named(name: Omit<IntentName, "accountId" | "kind">): IntentName {
    return { accountId: this.#source.account.id, kind, ...name };
  }

  /** What the device calls the same mail: all of it, or without a ClientId what its Message-ID names. */
  async #fingerprint({ clientId, mime }: Submission, mail: SubmittedMail): Promise<Buffer> {
    if (clientId !== undefined || mail.messageId === "") return await sha256(octetsOf(mime));
    return await sha256(mail.messageId, "\n", mail.rest);
  }
}

/** The same words to another original are another mail. */
async function withAbout(contents: Buffer, { about }: Submission): Promise<Buffer> {
  if (about === undefined) return contents;
  const { kind: verb, collectionId, number, isReplaced } = about;
  return await sha256(octetsOf(contents), JSON.stringify([verb, collectionId, number, isReplaced]));
}

function tooSlow(): BackendUnavailable {
  return new BackendUnavailable(`The submission server took longer than ${sendSeconds} s.`);
}

function refuseUnsendable(mail: SubmittedMail): void {
  if (mail.unaddressed > 0) {
    const entries =
      mail.unaddressed === 1 ? "One recipient has" : `${mail.unaddressed} recipients have`;
    throw new SendRefused("recipients", `${entries} no mail address.`);
  }
  if (mail.recipients.length > 0) return;
  throw new SendRefused("no recipients", "The mail names no recipient in To, Cc or Bcc.");
}

/** What an intent says of the attempt that is made. */
type Attempt = Pick<SendTarget, "draft" | "syncKey">;

function attemptOf({ draft, key }: Submission): Attempt {
  const { syncKey } = key ?? {};
  return { ...(draft && { draft }), ...(syncKey === undefined ? {} : { syncKey }) };
}

/** Whether what the device calls the mail is a name of this one alone. */
function isNamedBy(submission: Submission, mail: SubmittedMail, earlier: SendTarget): boolean {
  const { syncKey } = submission.key ?? {};
  const holds = syncKey === undefined || syncKey === earlier.syncKey;
  return holds && !isNameless(submission, mail);
}

/** Nothing tells a second mail with the same words from a repeat, except that repeats come soon. */
function isNameless(submission: Submission, mail: SubmittedMail): boolean {
  const { clientId, key, fingerprint } = submission;
  const isNamed = clientId !== undefined || key !== undefined || fingerprint !== undefined;
  return !isNamed && mail.messageId === "" && !mail.hasDate;
}

async function sha256(...parts: readonly (string | Octets)[]): Promise<Buffer> {
  const hash = createHash("sha256");
  for (const part of parts) {
    if (typeof part === "string") hash.update(part);
    else for await (const piece of scan(part)) hash.update(piece);
  }
  return hash.digest();
}
