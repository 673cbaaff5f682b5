/**
 * Drafts of a user whose gateway is killed again and again: what the phone wrote is written down here, and at the
 * end the drafts are counted on the mail server and on the phone.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Mail, Phone, SyncWishes } from "../client/phone.ts";
import type { MailServers } from "../rig/mail/servers.ts";
import type { GatewayProcesses } from "./processes.ts";
import type { Stop } from "./stops.ts";
import { Trial, type Counts, type TrialOptions } from "./trial.ts";

const append: readonly Stop[] = ["before append", "after append"];
const remove: readonly Stop[] = ["before remove", "after remove"];

/** Where the writing of a new draft can be stopped. */
export const addStops: readonly Stop[] = [
  "add intended",
  ...append,
  "add done",
  "add kept",
  "before answer",
];

/** Where a change of a draft can be stopped. */
export const changeStops: readonly Stop[] = [
  "change intended",
  ...append,
  "change aliased",
  ...remove,
  "change done",
  "change kept",
  "before answer",
];

/** Where the sending of a mail can be stopped. */
export const mailStops: readonly Stop[] = [
  "accepted",
  "delivered",
  "sent",
  ...append,
  "appended",
  "filed",
  "before answer",
];

/** Where the sending of a draft can be stopped. */
export const sendStops: readonly Stop[] = [...mailStops.slice(0, -1), ...remove, "before answer"];

/** How a phone repeats. */
interface Repeat {
  /** With another text: its user wrote on meanwhile. */
  readonly writesOn?: boolean;
}

type Command = NonNullable<SyncWishes["Commands"]>[number];

/** A user who writes drafts while his gateway is killed. */
export class DraftTrial implements AsyncDisposable {
  readonly #trial: Trial;
  readonly #folder: string;
  /** Subjects by ServerId. */
  readonly #expected = new Map<string, string>();
  #count = 0;

  private constructor(trial: Trial) {
    this.#trial = trial;
    this.#folder = trial.phone.folderOfType(3);
  }

  /** A fresh user without drafts. */
  static async open(
    mail: MailServers,
    processes: GatewayProcesses,
    options: TrialOptions,
  ): Promise<DraftTrial> {
    const trial = await Trial.open(mail, processes, options);
    const drafts = new DraftTrial(trial);
    await trial.phone.syncAll(drafts.#folder);
    return drafts;
  }

  /** The phone writes a new draft. */
  async addAndKill(stop: Stop | number, { writesOn = false }: Repeat = {}): Promise<void> {
    const ClientId = randomUUID();
    const texts = this.#texts(writesOn);
    const { responses, subject } = await this.#killed(stop, texts, (Email) => {
      return { Add: { ClientId, ApplicationData: { Email } } };
    });
    const [added] = responses.flatMap((each) => ("Add" in each ? [each.Add] : []));
    assert.equal(added?.Status, 1, `Add after a kill (${stop})`);
    const serverId = added.ServerId ?? "";
    assert.ok(!this.#expected.has(serverId), `${serverId} is another draft already`);
    this.#write(serverId, subject);
  }

  /** The phone changes the draft that it has had for the longest time. */
  async changeAndKill(stop: Stop | number, { writesOn = false }: Repeat = {}): Promise<void> {
    const ServerId = this.#oldest();
    const texts = this.#texts(writesOn);
    const { responses, subject } = await this.#killed(stop, texts, (Email) => {
      return { Change: { ServerId, ApplicationData: { Email } } };
    });
    assert.deepEqual(responses, [], `Change after a kill (${stop})`);
    this.#expected.delete(ServerId);
    this.#write(ServerId, subject);
  }

  /** It sends that draft to its own user. */
  async sendAndKill(stop: Stop | number): Promise<void> {
    const ServerId = this.#oldest();
    const { responses } = await this.#killed(stop, [this.#mail(stop)], (Email) => {
      return { Change: { ServerId, Send: true, ApplicationData: { Email } } };
    });
    assert.deepEqual(responses, [], `Send after a kill (${stop})`);
    this.#expected.delete(ServerId);
    assert.ok(!this.#trial.phone.mails(this.#folder).has(ServerId), "what is sent is no draft");
  }

  /** It sends a mail that never was a draft to its own user. */
  async sendNewAndKill(stop: Stop | number): Promise<void> {
    const ClientId = randomUUID();
    const { responses } = await this.#killed(stop, [this.#mail(stop)], (Email) => {
      return { Add: { ClientId, Send: true, ApplicationData: { Email } } };
    });
    assert.deepEqual(responses, [{ Add: { ClientId, Status: 1 } }], `Send after a kill (${stop})`);
  }

  /** Counts drafts and mails on both sides; throws when something was lost or doubled, or the sides differ. */
  async check(): Promise<Counts & { readonly drafts: number }> {
    const { phone } = this.#trial;
    const counts = await this.#trial.check();
    await phone.syncAll(this.#folder);
    const shown = [...phone.mails(this.#folder)].map(([id, { Subject = "" }]) => [id, Subject]);
    assert.deepEqual(Object.fromEntries(shown), Object.fromEntries(this.#expected));
    const served = await this.#trial.subjectsOf("Drafts");
    assert.deepEqual(served.toSorted(), [...this.#expected.values()].toSorted());
    // A phone that begins anew is told the same drafts under the same ids.
    phone.forgetAnswer(this.#folder, "0");
    await phone.syncAll(this.#folder);
    const anew = [...phone.mails(this.#folder)].map(([id, { Subject = "" }]) => [id, Subject]);
    assert.deepEqual(Object.fromEntries(anew), Object.fromEntries(this.#expected));
    return { ...counts, drafts: this.#expected.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trial[Symbol.asyncDispose]();
  }

  /** Asks with the first text, and at each repeat with the next; gives the last one that was asked with. */
  async #killed(stop: Stop | number, texts: readonly Mail[], commandOf: (mail: Mail) => Command) {
    const left = [...texts];
    let Subject = "";
    const ask = async (phone: Phone) => {
      const mail = (left.length > 1 ? left.shift() : left[0]) ?? {};
      Subject = mail.Subject ?? "";
      return await phone.sync(this.#folder, { Commands: [commandOf(mail)] });
    };
    const { status, responses } = await this.#trial.doAndKill(stop, ask);
    assert.equal(status, 1, `Sync after a kill (${stop})`);
    return { responses, subject: Subject };
  }

  #texts(writesOn: boolean): Mail[] {
    return Array.from({ length: writesOn ? 2 : 1 }, () => {
      const Subject = `draft ${++this.#count}`;
      return { Subject, Body: { Type: 1, Data: `Words of ${Subject}.` } };
    });
  }

  #mail(stop: Stop | number): Mail {
    // Only what was killed between the server's 250 and our commit may come twice.
    const most = stop === "delivered" || typeof stop === "number" ? 2 : 1;
    const Subject = this.#trial.newMail({ inSent: 1, most });
    return { To: this.#trial.user, Subject, Body: { Type: 1, Data: `Words of ${Subject}.` } };
  }

  #oldest(): string {
    const [serverId] = this.#expected.keys();
    assert.ok(serverId, "the phone has a draft");
    return serverId;
  }

  #write(serverId: string, Subject: string): void {
    this.#expected.set(serverId, Subject);
    this.#trial.phone.edit(this.#folder, serverId, { Subject });
  }
}
