/**
 * One user, one phone, another mail client, and gateway processes that are killed again and again: what was done is
 * written down here, and at the end the mails are counted on the mail server and on the phone.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ImapFlow } from "imapflow";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { Answer } from "../client/client.ts";
import { Phone, type SyncWishes } from "../client/phone.ts";
import { password, type MailServers } from "../rig/mail/servers.ts";
import type { GatewayProcess, GatewayProcesses } from "./processes.ts";
import type { Stop } from "./stops.ts";

/** Longer than any lease: so much later is it for each process that takes over from a killed one. */
const takeOverSeconds = 31;

/** Pause before a request is repeated that was answered 503; phones wait as long as they were told. */
const repeatMs = 100;

/** How a trial differs from the usual. */
export interface TrialOptions {
  /** Mails of the Inbox at first. */
  readonly mails?: number;
  readonly version?: ProtocolVersion;
  /** How much later it is for each process that takes over; 0: leases have to run out. */
  readonly aheadSeconds?: number;
}

/** What a Sync uploads, and how it is repeated. */
interface Uploads {
  readonly deletes?: number;
  readonly changes?: number;
  /** Repeats with another window: not the same request, but the same uploads under the same key. */
  readonly asksAnew?: boolean;
}

/** A mail by its subject: how often it may be in the Inbox, and where else it has to be. */
interface Expected {
  least: number;
  most: number;
  inSent: number;
  deleted: boolean;
  seen: boolean | undefined;
}

/** A mail as server and phone both tell it. */
interface Shown {
  readonly subject: string;
  readonly seen: boolean;
  readonly flagged: boolean;
}

/** What was counted at the end. */
export interface Counts {
  readonly mails: number;
  readonly kills: number;
  /** Requests that were answered 503, each with Retry-After, and repeated. */
  readonly refused: number;
  /** Mails that came twice, each in the window that SMTP leaves open. */
  readonly doubles: number;
}

const folders = [
  ["INBOX", 2],
  ["Trash", 4],
  ["Sent", 5],
] as const;

/** A user whose gateway is killed. */
export class Trial implements AsyncDisposable {
  readonly user: string;
  readonly phone: Phone;
  readonly #mail: MailServers;
  readonly #processes: GatewayProcesses;
  readonly #expected = new Map<string, Expected>();
  #process: GatewayProcess;
  /** Takes over at the next kill; it starts while the round before goes on. */
  #standby: Promise<GatewayProcess>;
  readonly #aheadSeconds: number;
  #generation = 1;
  #kills = 0;
  #refused = 0;
  #count = 0;

  private constructor(
    world: { mail: MailServers; processes: GatewayProcesses; user: string },
    process: GatewayProcess,
    { version = "14.1", aheadSeconds = takeOverSeconds }: TrialOptions,
  ) {
    this.#aheadSeconds = aheadSeconds;
    this.user = world.user;
    this.#mail = world.mail;
    this.#processes = world.processes;
    this.#process = process;
    this.#standby = this.#startNext();
    this.phone = new Phone({ url: process.url, user: this.user, password, version });
  }

  /** A fresh user with an Inbox of so many mails, all on the phone. */
  static async open(
    mail: MailServers,
    processes: GatewayProcesses,
    options: TrialOptions = {},
  ): Promise<Trial> {
    const user = mail.freshUser();
    const process = await processes.start();
    const trial = new Trial({ mail, processes, user }, process, options);
    await trial.#standby;
    for (let count = 0; count < (options.mails ?? 6); count++) await trial.deliver();
    assert.equal(await trial.phone.folderSync(), 1);
    await trial.syncAll();
    return trial;
  }

  /** The process that serves the phone now. */
  get process(): GatewayProcess {
    return this.#process;
  }

  /** Delivers a mail from outside. */
  async deliver(): Promise<void> {
    const subject = this.newMail({ inSent: 0 });
    await this.#mail.deliver(this.user, Buffer.from(this.#mime(subject)));
  }

  /** The phone sends a mail to its own user; the process is killed at the step, and the phone repeats. */
  async sendAndKill(stop: Stop | number): Promise<void> {
    // Only what was killed between the server's 250 and our commit may come twice.
    const most = stop === "delivered" || typeof stop === "number" ? 2 : 1;
    const subject = this.newMail({ inSent: 1, most });
    const send = () => this.phone.sendMail(Buffer.from(this.#mime(subject)), subject);
    assert.equal(await this.#killed(stop, send), 1, `SendMail after a kill (${stop})`);
  }

  /** A Sync with uploads, killed on its way, and repeated; then all is taken over. */
  async syncAndKill(
    stop: Stop | number,
    does: Uploads = { deletes: 1, changes: 2 },
  ): Promise<void> {
    const inbox = this.phone.folderOfType(2);
    const { Commands, apply } = this.#uploads(inbox, does);
    const windowSizes = does.asksAnew === true ? [4, 3] : [4];
    const sync = () => {
      const WindowSize = (windowSizes.length > 1 ? windowSizes.shift() : windowSizes[0]) ?? 4;
      const wishes: SyncWishes = { Commands, WindowSize };
      return this.phone.sync(inbox, wishes);
    };
    const { status, responses } = await this.#killed(stop, sync);
    assert.equal(status, 1, `Sync after a kill (${stop})`);
    assert.deepEqual(responses, [], "all uploads were carried out");
    apply();
    await this.syncAll();
  }

  /** The phone does something, its gateway is killed on the way and it repeats that. */
  async doAndKill<Result>(
    stop: Stop | number,
    does: (phone: Phone) => Promise<Result>,
  ): Promise<Result> {
    return await this.#killed(stop, () => does(this.phone));
  }

  /** The phone sends a mail to its own user, and repeats while it is told to come again. */
  async sendPatiently(): Promise<void> {
    // A connection that breaks after the end of DATA leaves the same window as a crash.
    const ClientId = this.newMail({ inSent: 1, most: 2 });
    const Mime = Buffer.from(this.#mime(ClientId));
    const request = { ClientId, SaveInSentItems: true as const, Mime };
    const answer = await this.#patiently(() => this.phone.client.send("SendMail", request));
    assert.deepEqual([answer.httpStatus, answer.body], [200, undefined]);
  }

  /** A Sync with uploads, repeated while the phone is told to come again. */
  async syncPatiently(does: Uploads): Promise<void> {
    const inbox = this.phone.folderOfType(2);
    const { Commands, apply } = this.#uploads(inbox, does);
    const Collection = [this.phone.asked(inbox, { Commands, WindowSize: 4 })];
    const request = { Collections: { Collection } };
    const answer = await this.#patiently(() => this.phone.client.send("Sync", request));
    const { status, responses } = this.phone.apply(inbox, answer);
    assert.deepEqual([status, responses], [1, []]);
    apply();
  }

  /** Kills the process; the next one takes over. */
  async takeOver(): Promise<void> {
    this.#assertNoErrors();
    await this.#process.kill();
    this.#kills++;
    this.#process = await this.#standby;
    this.#standby = this.#startNext();
    this.phone.moveTo(this.#process.url);
  }

  /** Another mail client sets or takes the flag of some mail of the Inbox. */
  async flagElsewhere(random: () => number): Promise<void> {
    await this.#elsewhere("INBOX", async (other) => {
      const uids = (await other.search({ all: true }, { uid: true })) || [];
      const uid = String(uids[Math.floor(random() * uids.length)]);
      const flags = ["\\Flagged"];
      if (random() < 0.5) await other.messageFlagsAdd(uid, flags, { uid: true });
      else await other.messageFlagsRemove(uid, flags, { uid: true });
    });
  }

  /** Brings all folders of the phone up to date. */
  async syncAll(): Promise<void> {
    for (const [, type] of folders) await this.phone.syncAll(this.phone.folderOfType(type));
  }

  /** Subjects of a folder's mails on the server. */
  async subjectsOf(path: string): Promise<readonly string[]> {
    return [...(await this.#served(path)).values()].map(({ subject }) => subject);
  }

  /** Counts on both sides; throws when something was lost or doubled, or the sides differ. */
  async check(): Promise<Counts> {
    await this.#untilDelivered();
    await this.syncAll();
    const there = new Map<string, readonly Shown[]>();
    for (const [path, type] of folders) {
      const served = await this.#served(path);
      assert.deepEqual(this.#onPhone(type), Object.fromEntries(served), `the phone's ${path}`);
      there.set(path, [...served.values()]);
    }
    this.#assertNoErrors();
    const doubles = [...this.#expected].map(([subject, expected]) =>
      checkMail(subject, expected, there),
    );
    const { size: mails } = this.#expected;
    const { length: doubled } = doubles.filter((count) => count > 1);
    return { mails, kills: this.#kills, refused: this.#refused, doubles: doubled };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.phone[Symbol.dispose]();
    await this.#process.kill();
    await (await this.#standby).kill();
  }

  /** Makes the request, kills the process at the point (or after so many ms), and repeats with the next one. */
  async #killed<Result>(stop: Stop | number, request: () => Promise<Result>): Promise<Result> {
    const doomed = this.#process;
    const stands =
      typeof stop === "number"
        ? new Promise((resolve) => setTimeout(resolve, stop))
        : doomed.stopAt(stop);
    const first = request().then(
      (answer) => ({ answer }),
      () => undefined,
    );
    if (typeof stop === "number") await stands;
    else {
      const early = await Promise.race([stands, first]);
      assert.equal(early, undefined, `the request came to "${stop}"`);
    }
    await this.takeOver();
    const answered = await first;
    return answered === undefined ? await request() : answered.answer;
  }

  /** Asks until the answer is another than 503; whatever else goes wrong is a fault. */
  async #patiently<Body>(ask: () => Promise<Answer<Body>>): Promise<Answer<Body>> {
    for (;;) {
      const answer = await ask();
      if (answer.httpStatus !== 503) return answer;
      assert.ok(Number(answer.headers["retry-after"]) > 0, "a 503 says when to come again");
      this.#refused++;
      await new Promise((resolve) => setTimeout(resolve, repeatMs));
    }
  }

  #assertNoErrors(): void {
    const logged = this.#process.lines.filter(({ level }) => level === "error");
    assert.deepEqual(logged, [], "the process logged no error");
  }

  async #startNext(): Promise<GatewayProcess> {
    return await this.#processes.start(this.#aheadSeconds * this.#generation++);
  }

  /** A mail that is to be in the Inbox from now on, and so often in Sent; its subject. */
  newMail(more: { inSent: number; most?: number }): string {
    const subject = `mail ${++this.#count}`;
    const { inSent, most = 1 } = more;
    this.#expected.set(subject, { least: 1, most, inSent, deleted: false, seen: undefined });
    return subject;
  }

  #mime(subject: string): string {
    return `From: <${this.user}>\r\nTo: <${this.user}>\r\nSubject: ${subject}\r\n\r\nWords of ${subject}.\r\n`;
  }

  /** Reads or unreads some mails and deletes others, all different ones. */
  #uploads(inbox: string, { deletes = 0, changes = 0 }: Uploads) {
    const mails = [...this.phone.mails(inbox)].filter(
      ([, mail]) => (this.#expected.get(mail.Subject ?? "")?.most ?? 0) === 1,
    );
    const doomed = mails.slice(0, Math.min(deletes, mails.length - changes - 1));
    const touched = mails.slice(doomed.length, doomed.length + changes);
    const changeOf = ([ServerId, mail]: (typeof mails)[number]) => {
      const Email = { Read: mail.Read !== true };
      return { Change: { ServerId, ApplicationData: { Email } } };
    };
    const Commands = [
      ...doomed.map(([ServerId]) => ({ Delete: { ServerId } })),
      ...touched.map(changeOf),
    ];
    const apply = (): void => {
      for (const [id, { Subject = "" }] of doomed) {
        this.#change(Subject, { deleted: true });
        this.phone.edit(inbox, id, undefined);
      }
      for (const [id, { Subject = "", Read }] of touched) {
        this.#change(Subject, { seen: Read !== true });
        this.phone.edit(inbox, id, { Read: Read !== true });
      }
    };
    return { Commands, apply };
  }

  #change(subject: string, to: Partial<Expected>): void {
    const expected = this.#expected.get(subject);
    assert.ok(expected, `${subject} is a mail of this trial`);
    Object.assign(expected, to);
  }

  /** Waits until the submission server has nothing on its way any more. */
  async #untilDelivered(): Promise<void> {
    const spool = join(this.#mail.address.folder, "postfix/spool");
    const deadline = performance.now() + 20_000;
    const settings = join(this.#mail.address.folder, "postfix/etc");
    for (let look = 0; ; look++) {
      // What was deferred while Dovecot was away is tried now, and again what came in while Postfix began anew.
      if (look % 40 === 0) await promisify(execFile)("postqueue", ["-c", settings, "-f"]);
      const queued = await Promise.all(
        ["maildrop", "incoming", "active", "deferred"].map((name) => mailsIn(join(spool, name))),
      );
      if (queued.every((count) => count === 0)) return;
      assert.ok(performance.now() < deadline, `mails are still on their way: ${queued.join(", ")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The mails of a folder by UID, as the server has them. */
  async #served(path: string): Promise<ReadonlyMap<string, Shown>> {
    const served = new Map<string, Shown>();
    await this.#elsewhere(path, async (other) => {
      const fields = { uid: true, flags: true, envelope: true } as const;
      for await (const { uid, flags, envelope } of other.fetch("1:*", fields)) {
        const [seen, flagged] = [flags?.has("\\Seen") === true, flags?.has("\\Flagged") === true];
        served.set(String(uid), { subject: envelope?.subject ?? "", seen, flagged });
      }
    });
    return served;
  }

  /** What another mail client does in a folder. */
  async #elsewhere(path: string, work: (other: ImapFlow) => Promise<void>): Promise<void> {
    const other = await this.#mail.imapClient(this.user);
    try {
      await other.mailboxOpen(path);
      await work(other);
    } finally {
      await other.logout();
    }
  }

  #onPhone(type: number): Record<string, Shown> {
    const mails = [...this.phone.mails(this.phone.folderOfType(type))];
    return Object.fromEntries(
      mails.map(([id, { Subject: subject = "", Read, Flag }]) => {
        const shown = { subject, seen: Read === true, flagged: Flag?.Status === 2 };
        return [id.slice(id.indexOf(":") + 1), shown];
      }),
    );
  }
}

/** How often a mail came; throws when that is not as expected. */
function checkMail(
  subject: string,
  expected: Expected,
  there: ReadonlyMap<string, readonly Shown[]>,
): number {
  const of = (path: string) => (there.get(path) ?? []).filter((mail) => mail.subject === subject);
  const [inbox, trash, sent] = [of("INBOX"), of("Trash"), of("Sent")];
  const came = inbox.length + trash.length;
  assert.ok(
    came >= expected.least && came <= expected.most,
    `${subject} came ${came} times, not ${expected.least} to ${expected.most}`,
  );
  assert.equal(sent.length, expected.inSent, `copies of ${subject} in Sent`);
  assert.equal(trash.length, expected.deleted ? 1 : 0, `${subject} in Trash`);
  if (expected.seen === undefined) return came;
  for (const { seen } of [...inbox, ...trash]) assert.equal(seen, expected.seen, `${subject} read`);
  return came;
}

/** Postfix keeps what it was still receiving when it was ended, which it took no charge of, and never delivers it. */
const completeBit = 0o100;

async function mailsIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const isThere = await Promise.all(files.map((each) => isMail(join(each.parentPath, each.name))));
  return isThere.filter((is) => is).length;
}

/** What has gone on to another folder meanwhile still is one. */
async function isMail(file: string): Promise<boolean> {
  try {
    return ((await stat(file)).mode & completeBit) !== 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
    throw error;
  }
}
