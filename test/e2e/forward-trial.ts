/**
 * Mails of a user whose gateway is killed while he forwards one mail again and again, and answers it: each time its
 * last verb must be the latest one, on the mail server and on the phone.
 */
import assert from "node:assert/strict";
import { atLeast } from "../../schemas/version.ts";
import type { MailServers } from "../rig/mail/servers.ts";
import { mailStops } from "./draft-trial.ts";
import type { GatewayProcesses } from "./processes.ts";
import type { Stop } from "./stops.ts";
import { Trial, type Counts, type TrialOptions } from "./trial.ts";

/** Where a forward can be stopped: where a mail can, and at the look at its original and the mark that this gets. */
export const forwardStops: readonly Stop[] = [
  "before list",
  "after list",
  ...mailStops.slice(0, -1),
  "before flags",
  "after flags",
  "before answer",
];

/** What the original brings along. */
const carried = "AAECAwQFBgcICQ==";

/** A user who forwards while his gateway is killed. */
export class ForwardTrial implements AsyncDisposable {
  readonly #mail: MailServers;
  readonly #trial: Trial;
  readonly #desk: string;
  #latest = 0;

  private constructor(mail: MailServers, trial: Trial, desk: string) {
    this.#mail = mail;
    this.#trial = trial;
    this.#desk = desk;
  }

  /** A fresh user with a mail to forward. */
  static async open(
    mail: MailServers,
    processes: GatewayProcesses,
    options: TrialOptions,
  ): Promise<ForwardTrial> {
    const trial = await Trial.open(mail, processes, { ...options, mails: 1 });
    const desk = await trial.phone.createFolder("Desk");
    const parts = `--b\r\n\r\nWords.\r\n--b\r\nContent-Type: application/x-a; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${carried}\r\n--b--\r\n`;
    const head = `Subject: the original\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n`;
    await mail.seed(trial.user, "Desk", [{ mime: Buffer.from(head + parts) }]);
    await trial.phone.syncAll(desk);
    return new ForwardTrial(mail, trial, desk);
  }

  /** The phone forwards the mail to its own user, and repeats that after the kill. */
  async forwardAndKill(stop: Stop | number): Promise<void> {
    const { phone, user } = this.#trial;
    const most = stop === "delivered" || typeof stop === "number" ? 2 : 1;
    const subject = this.#trial.newMail({ inSent: 1, most });
    const mime = Buffer.from(
      `From: <${user}>\r\nTo: <${user}>\r\nSubject: ${subject}\r\n\r\nSee below.\r\n`,
    );
    const source = [this.#desk, `${this.#desk}:1`] as const;
    const status = await this.#trial.doAndKill(stop, (on) =>
      on.smart("SmartForward", source, { mime, clientId: subject, inSent: true }),
    );
    assert.equal(status, 1, `SmartForward after a kill (${stop})`);
    await phone.syncAll(this.#desk);
    if (!atLeast(phone.client.options.version, "14.0")) return;
    const { LastVerbExecuted, LastVerbExecutionTime } =
      phone.mails(this.#desk).get(source[1]) ?? {};
    assert.equal(LastVerbExecuted, 3, `the last verb after a kill (${stop})`);
    const executed = LastVerbExecutionTime?.getTime() ?? 0;
    assert.ok(executed > this.#latest, `it is a later one after a kill (${stop})`);
    this.#latest = executed;
  }

  /** Counts on both sides; throws when something was lost or doubled, the sides differ, or a mail lacks the original. */
  async check(): Promise<Counts> {
    const counts = await this.#trial.check();
    await using client = await this.#mail.imapClient(this.#trial.user);
    await client.mailboxOpen("Desk");
    const original = await client.fetchOne("1", { flags: true });
    assert.ok(original && original.flags?.has("$Forwarded"), "the original is marked");
    for (const path of ["INBOX", "Sent"]) {
      await client.mailboxOpen(path);
      const fields = { source: true } as const;
      for await (const { source } of client.fetch({ body: "See below." }, fields)) {
        assert.ok(source?.includes(carried), `a mail in ${path} has what the original had`);
      }
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trial[Symbol.asyncDispose]();
  }
}
