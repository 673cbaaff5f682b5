/**
 * Mails of a user whose gateway is killed while they are moved or deleted for good: what the phone asked for is
 * written down here, and at the end the mails are counted on the mail server and on the phone.
 */
import assert from "node:assert/strict";
import type { MailServers } from "../rig/mail/servers.ts";
import type { GatewayProcesses } from "./processes.ts";
import type { Stop } from "./stops.ts";
import { Trial, type Counts, type TrialOptions } from "./trial.ts";

/** Where a MoveItems can be stopped. */
export const moveStops: readonly Stop[] = [
  "move intended",
  "before move",
  "after move",
  "move done",
  "move kept",
  "before answer",
];

/** Where a deletion for good can be stopped. */
export const removeStops: readonly Stop[] = ["before remove", "after remove", "before answer"];

/** Mails in each request. */
const atOnce = 2;

/** The folder that is left, and the one that is filled. */
const names = ["Desk", "Shelf"] as const;
type Name = (typeof names)[number];

/** A user who tidies up while his gateway is killed. */
export class MoveTrial implements AsyncDisposable {
  readonly #trial: Trial;
  readonly #ids: Readonly<Record<Name, string>>;
  /** Subjects by folder. */
  readonly #expected: Readonly<Record<Name, Set<string>>> = { Desk: new Set(), Shelf: new Set() };

  private constructor(trial: Trial, ids: Readonly<Record<Name, string>>) {
    this.#trial = trial;
    this.#ids = ids;
  }

  /** A fresh user with so many mails to move or delete. */
  static async open(
    mail: MailServers,
    processes: GatewayProcesses,
    { mails, ...options }: TrialOptions & { readonly mails: number },
  ): Promise<MoveTrial> {
    const trial = await Trial.open(mail, processes, { ...options, mails: 1 });
    const [Desk, Shelf] = [
      await trial.phone.createFolder("Desk"),
      await trial.phone.createFolder("Shelf"),
    ];
    const moves = new MoveTrial(trial, { Desk, Shelf });
    const letters = Array.from({ length: mails }, (_, at) => `letter ${at}`);
    for (const subject of letters) moves.#expected.Desk.add(subject);
    const mime = (subject: string): Buffer => Buffer.from(`Subject: ${subject}\r\n\r\nWords.\r\n`);
    await mail.seed(
      trial.user,
      "Desk",
      letters.map((subject) => ({ mime: mime(subject) })),
    );
    await moves.#syncBoth();
    return moves;
  }

  /** The phone moves mails, and repeats that after the kill. */
  async moveAndKill(stop: Stop | number): Promise<void> {
    const { Desk, Shelf } = this.#ids;
    const chosen = this.#first();
    const ids = [...chosen.keys()];
    const moved = await this.#trial.doAndKill(stop, (phone) => phone.moveItems(Desk, ids, Shelf));
    assert.deepEqual(
      moved.map(({ Status }) => Status),
      ids.map(() => 3),
      `MoveItems after a kill (${stop})`,
    );
    await this.#syncBoth();
    const { phone } = this.#trial;
    for (const { SrcMsgId, DstMsgId = "" } of moved) {
      const subject = chosen.get(SrcMsgId) ?? "";
      assert.equal(phone.mails(Shelf).get(DstMsgId)?.Subject, subject, "under the id it was told");
      this.#expected.Desk.delete(subject);
      this.#expected.Shelf.add(subject);
    }
  }

  /** The phone deletes mails for good, and repeats that after the kill. */
  async removeAndKill(stop: Stop | number): Promise<void> {
    const { Desk } = this.#ids;
    const chosen = this.#first();
    const Commands = [...chosen.keys()].map((ServerId) => ({ Delete: { ServerId } }));
    const wishes = { Commands, DeletesAsMoves: false };
    const { status, responses } = await this.#trial.doAndKill(stop, (phone) => {
      return phone.sync(Desk, wishes);
    });
    assert.deepEqual([status, responses], [1, []], `Delete after a kill (${stop})`);
    for (const [serverId, subject] of chosen) {
      this.#trial.phone.edit(Desk, serverId, undefined);
      this.#expected.Desk.delete(subject);
    }
    await this.#syncBoth();
  }

  /** Counts on both sides; throws when something was lost or doubled, or the sides differ. */
  async check(): Promise<Counts> {
    const counts = await this.#trial.check();
    await this.#syncBoth();
    for (const name of names) {
      const expected = [...this.#expected[name]].toSorted();
      assert.deepEqual((await this.#trial.subjectsOf(name)).toSorted(), expected, name);
      const shown = [...this.#trial.phone.mails(this.#ids[name]).values()];
      const subjects = shown.map(({ Subject = "" }) => Subject);
      assert.deepEqual(subjects.toSorted(), expected, `${name} on the phone`);
    }
    const { Desk, Shelf } = this.#expected;
    return { ...counts, mails: counts.mails + Desk.size + Shelf.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trial[Symbol.asyncDispose]();
  }

  /** Subjects of the first mails by their ServerIds. */
  #first(): ReadonlyMap<string, string> {
    const mails = [...this.#trial.phone.mails(this.#ids.Desk)].slice(0, atOnce);
    assert.equal(mails.length, atOnce, "there are mails left");
    return new Map(mails.map(([serverId, { Subject = "" }]) => [serverId, Subject]));
  }

  async #syncBoth(): Promise<void> {
    for (const name of names) await this.#trial.phone.syncAll(this.#ids[name]);
  }
}
