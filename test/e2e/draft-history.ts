/**
 * A random history of drafts: two devices and another mail client write, change, send and delete them, while answers
 * are lost, requests are repeated, and devices begin anew. After each step the server has each text that it must have,
 * once; at the end the devices show the same.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { ImapFlow } from "imapflow";
import { Phone, type Brought, type SyncWishes } from "../client/phone.ts";
import { password, type MailServers } from "../rig/mail/servers.ts";
import type { Chance } from "../sync/chance.ts";
import { DraftModel, type ModelEdit } from "./draft-model.ts";

type Command = NonNullable<SyncWishes["Commands"]>[number];

/** Where a history takes place. */
export interface DraftWorld {
  readonly mail: MailServers;
  /** The gateways that the devices talk to in turn. */
  readonly urls: readonly string[];
  /** Mail domain of the logins, where that is another one. */
  readonly domain?: string;
}

/** One request after another, all with the same command but perhaps with another text. */
interface Upload {
  readonly commandOf: (text: string) => Command;
  /** What the model expects of it; Statuses. */
  readonly expect: (text: string) => readonly number[];
  /** Conflict 0. */
  readonly wins: boolean;
}

const preference = { BodyPreference: [{ Type: 1 }] };

/** One history. */
export class DraftHistory implements AsyncDisposable {
  readonly #chance: Chance;
  readonly #world: DraftWorld;
  readonly #user: string;
  readonly #other: ImapFlow;
  readonly #devices: ReadonlyMap<string, Phone>;
  readonly #model = new DraftModel();
  #folder = "";
  #texts = 0;
  readonly #told: string[] = [];

  private constructor(world: DraftWorld, user: string, more: { other: ImapFlow; chance: Chance }) {
    this.#world = world;
    this.#user = user;
    this.#other = more.other;
    this.#chance = more.chance;
    const login = world.domain === undefined ? user : user.replace(/@.*/, `@${world.domain}`);
    const phone = () =>
      new Phone({
        url: world.urls[0] ?? "",
        user: login,
        password,
        version: more.chance.one(["16.0", "16.1"]),
      });
    this.#devices = new Map([
      ["phone", phone()],
      ["tablet", phone()],
    ]);
  }

  /** Plays so many steps and compares; throws with what was done when something is wrong. */
  static async play(world: DraftWorld, chance: Chance, steps: number): Promise<void> {
    const user = world.mail.freshUser();
    const other = await world.mail.imapClient(user);
    await using history = new DraftHistory(world, user, { other, chance });
    try {
      await history.#open();
      for (let step = 0; step < steps; step++) await history.#step();
      await history.#end();
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new Error(`${cause}\n${history.#told.join("\n")}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const device of this.#devices.values()) device[Symbol.dispose]();
    await this.#other.logout();
  }

  async #open(): Promise<void> {
    for (const device of this.#devices.values()) {
      assert.equal(await device.folderSync(), 1);
      this.#folder = device.folderOfType(3);
      await this.#sync(device);
    }
    await this.#other.mailboxOpen("Drafts");
  }

  async #step(): Promise<void> {
    const name = this.#chance.one([...this.#devices.keys()]);
    const device = this.#devices.get(name);
    assert.ok(device);
    device.moveTo(this.#chance.one(this.#world.urls));
    const [ServerId] = this.#chance.some([...device.mails(this.#folder).keys()], 1);
    const draw = this.#chance.fraction();
    if (draw < 0.12) await this.#elsewhere();
    else if (draw < 0.3) await this.#sync(device);
    else if (draw < 0.33) await this.#anew(name, device);
    else if (draw < 0.5 || ServerId === undefined) await this.#add(name, device);
    else if (draw < 0.82) await this.#change(name, device, ServerId);
    else if (draw < 0.92) await this.#send(name, device, ServerId);
    else await this.#delete(name, device, ServerId);
    assert.deepEqual((await this.#served()).toSorted(), this.#model.texts.toSorted());
  }

  async #end(): Promise<void> {
    for (const [name, device] of this.#devices) {
      await this.#sync(device);
      const quiet = await device.sync(this.#folder, { Options: [preference] });
      assert.deepEqual(
        [quiet.adds, quiet.changes, quiet.deletes],
        [[], [], []],
        `${name} is quiet`,
      );
      const shown = [...device.mails(this.#folder).values()];
      for (const { Subject, Body } of shown) {
        assert.ok(typeof Body?.Data === "string");
        assert.equal(Body.Data.trimEnd(), `Words of ${Subject}.`);
      }
      const texts = shown.map(({ Subject = "" }) => Subject);
      assert.deepEqual(texts.toSorted(), this.#model.texts.toSorted(), `drafts of the ${name}`);
    }
    const [one, other] = [...this.#devices.values()].map((device) => device.mails(this.#folder));
    assert.deepEqual(
      new Set(one?.keys()),
      new Set(other?.keys()),
      "both know them by the same ids",
    );
    await this.#other.mailboxOpen("Sent");
    assert.deepEqual(
      (await this.#served()).toSorted(),
      this.#model.sent.toSorted(),
      "what is in Sent",
    );
  }

  async #sync(device: Phone): Promise<void> {
    for (let more = true; more;) {
      const brought = await device.sync(this.#folder, { Options: [preference] });
      assert.equal(brought.status, 1);
      this.#name(device, brought);
      more = brought.more;
    }
  }

  async #anew(name: string, device: Phone): Promise<void> {
    this.#tell(`${name} begins anew`);
    device.forgetAnswer(this.#folder, "0");
    await this.#sync(device);
  }

  async #add(name: string, device: Phone): Promise<void> {
    const ClientId = randomUUID();
    let before: ReturnType<DraftModel["add"]> | undefined;
    const commandOf = (text: string): Command => ({
      Add: { ClientId, ApplicationData: this.#data(text) },
    });
    const expect = (text: string) => {
      // Of a repeat with another text the last one holds.
      if (before !== undefined) this.#model.take(before.text);
      before = this.#model.add(text, name);
      return [1];
    };
    const { brought, text } = await this.#upload(name, device, { commandOf, expect, wins: false });
    const [added] = brought.responses.flatMap((each) => ("Add" in each ? [each.Add] : []));
    const { ServerId = "" } = added ?? {};
    assert.ok(!device.mails(this.#folder).has(ServerId), `${ServerId} is a draft of its own`);
    this.#model.name(ServerId, text);
    device.edit(this.#folder, ServerId, this.#data(text).Email);
  }

  async #change(name: string, device: Phone, ServerId: string): Promise<void> {
    const wins = this.#chance.happens(0.4);
    const edit = this.#editOf(name, device, { ServerId, wins });
    const { statuses, text } = await this.#upload(name, device, {
      commandOf: (each) => ({ Change: { ServerId, ApplicationData: this.#data(each) } }),
      expect: (each) => this.#model.change({ ...edit, text: each }),
      wins,
    });
    if (statuses.includes(1)) device.edit(this.#folder, ServerId, this.#data(text).Email);
  }

  async #send(name: string, device: Phone, ServerId: string): Promise<void> {
    const wins = this.#chance.happens(0.4);
    const edit = this.#editOf(name, device, { ServerId, wins });
    await this.#upload(name, device, {
      commandOf: (each) => ({
        Change: { ServerId, Send: true, ApplicationData: this.#data(each) },
      }),
      expect: (each) => this.#model.send({ ...edit, text: each }),
      wins,
    });
  }

  async #delete(name: string, device: Phone, ServerId: string): Promise<void> {
    await this.#upload(name, device, {
      commandOf: () => ({ Delete: { ServerId } }),
      expect: () => {
        this.#model.remove(ServerId);
        return [1];
      },
      wins: false,
    });
    device.edit(this.#folder, ServerId, undefined);
  }

  /** Another mail client writes a draft, deletes one, or does both: that is how it changes one. */
  async #elsewhere(): Promise<void> {
    const [doomed] = this.#chance.some(this.#model.texts, 1);
    const does = this.#chance.one(["writes", "deletes", "changes"] as const);
    this.#tell(`the other client ${does} ${doomed}`);
    if (does !== "deletes") {
      const text = this.#newText();
      const mime = `From: <${this.#user}>\r\nSubject: ${text}\r\n\r\nWords of ${text}.\r\n`;
      await this.#other.append("Drafts", mime, ["\\Draft", "\\Seen"]);
      this.#model.add(text);
    }
    if (does === "writes" || doomed === undefined) return;
    await this.#other.noop();
    const mails = await this.#other.fetchAll("1:*", { uid: true, envelope: true });
    const found = mails.find(({ envelope }) => envelope?.subject === doomed);
    assert.ok(found);
    await this.#other.messageDelete(String(found.uid), { uid: true });
    this.#model.take(doomed);
  }

  #editOf(
    device: string,
    phone: Phone,
    { ServerId, wins }: { readonly ServerId: string; readonly wins: boolean },
  ): Omit<ModelEdit, "text"> {
    const known = phone.mails(this.#folder).get(ServerId)?.Subject ?? "";
    return { id: ServerId, known, device, wins };
  }

  /** Sends a command, perhaps more than once, perhaps with another text the second time. */
  async #upload(
    name: string,
    device: Phone,
    { commandOf, expect, wins }: Upload,
  ): Promise<{ brought: Brought; statuses: readonly number[]; text: string }> {
    const options = { Options: [{ ...preference, Conflict: wins ? 0 : 1 }], DeletesAsMoves: false };
    const requestOf = (text: string) => {
      const Collection = [device.asked(this.#folder, { ...options, Commands: [commandOf(text)] })];
      return { Collections: { Collection } };
    };
    let text = this.#newText();
    let request = requestOf(text);
    this.#tell(`${name} (Conflict ${wins ? 0 : 1}): ${JSON.stringify(commandOf(text))}`);
    let statuses = expect(text);
    if (this.#chance.happens(0.35)) {
      this.#tell("- its answer is lost");
      await device.client.send("Sync", request);
      if (this.#chance.happens(0.3) && !("Delete" in commandOf(text))) {
        text = this.#newText();
        this.#tell(`- it writes on: ${text}`);
        request = requestOf(text);
        statuses = expect(text);
      }
    }
    const asks = this.#chance.happens(0.15) ? [1, 2] : [1];
    const [answer] = await Promise.all(asks.map(() => device.client.send("Sync", request)));
    assert.ok(answer);
    const brought = device.apply(this.#folder, answer);
    assert.equal(brought.status, 1);
    const [response] = brought.responses.map((each) => Object.values(each)[0]);
    const status = response?.Status ?? 1;
    this.#tell(`- Status ${status}`);
    assert.ok(statuses.includes(status), `Status ${status}, not ${statuses.join(" or ")}`);
    this.#name(device, brought);
    return { brought, statuses, text };
  }

  #name(device: Phone, { adds, changes }: Brought): void {
    for (const id of [...adds, ...changes]) {
      this.#model.name(id, device.mails(this.#folder).get(id)?.Subject ?? "");
    }
  }

  #data(Subject: string) {
    const Body = { Type: 1, Data: `Words of ${Subject}.` };
    return { Email: { To: this.#user, Subject, Body } };
  }

  #newText(): string {
    return `text ${++this.#texts}`;
  }

  async #served(): Promise<string[]> {
    await this.#other.noop();
    const subjects: string[] = [];
    for await (const { envelope } of this.#other.fetch("1:*", { envelope: true })) {
      subjects.push(envelope?.subject ?? "");
    }
    return subjects;
  }

  #tell(line: string): void {
    this.#told.push(line);
  }
}
