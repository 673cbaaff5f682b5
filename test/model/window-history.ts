/**
 * One random history of a folder with a FilterType: mails of all days come, answer each other, go, and are moved out
 * and back; days pass; a device asks with other filters, with whole conversations or without, and loses answers. At
 * the end it has what is inside of its window and nothing else.
 */
import assert from "node:assert/strict";
import type { MemoryMailbox, StoredMail } from "../../src/backends/memory/mailbox.ts";
import { threadsIn } from "../../src/items/email/threads.ts";
import { Phone, type SyncWishes } from "../client/phone.ts";
import { Chance } from "../sync/chance.ts";
import type { Command, SyncAnswer, Told } from "./messages.ts";
import type { ModelGateway } from "./world.ts";

const dayMs = 86_400_000;
const password = "secret";

/** Days of the filters that are tried (MS-ASCMD 2.2.3.68.2). */
const daysOf: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 7 };

/** Mails of so many days before now arrive. */
const oldestDays = 12;

/** More mails than fit into the small windows that are asked for. */
const mailsAtFirst = 8;

/** Steps of a history: about so many make rare combinations meet. */
const steps = 60;

class WindowHistory {
  readonly #gateway: ModelGateway;
  readonly #chance: Chance;
  readonly #server: MemoryMailbox;
  readonly #phone: Phone;
  readonly #messageIds: string[] = [];
  /** Items that a lost answer added: when they went before the repeat, their Delete may follow. */
  readonly #untold = new Set<string>();
  #folder = "";
  #filter = 0;
  #hasConversations = false;

  constructor(gateway: ModelGateway, seed: number) {
    const user = `window${seed}@example.test`;
    this.#gateway = gateway;
    this.#chance = new Chance(seed);
    this.#server = gateway.backend.addUser(user, password);
    this.#phone = new Phone({ url: gateway.url, user, password, version: "16.1" });
  }

  async run(): Promise<void> {
    this.#server.create("Other");
    await this.#phone.folderSync();
    this.#folder = this.#phone.folderOfType(2);
    await this.#phone.prime(this.#folder);
    for (let count = 0; count < mailsAtFirst; count++) this.#deliver();
    for (let step = 0; step < steps; step++) {
      if (this.#chance.happens(0.5)) await this.#sync();
      else this.#othersAct();
    }
    // What was inside for a conversation that has left the window goes with the next day.
    this.#gateway.clock.advance(dayMs);
    while (await this.#settled()) continue;
    assert.equal(await this.#settled(), false);
    assert.deepEqual(this.#shown(), this.#inside());
  }

  end(): void {
    this.#phone[Symbol.dispose]();
  }

  #deliver(): void {
    const messageId = `<${this.#messageIds.length}.${this.#folder}>`;
    const parent = this.#chance.some(this.#messageIds, 1)[0];
    const isAnswer = parent !== undefined && this.#chance.happens(0.6);
    this.#messageIds.push(messageId);
    const ageDays = this.#chance.happens(0.5) ? 0 : this.#chance.between(0, oldestDays);
    const received = new Date(this.#gateway.clock.now() - ageDays * dayMs);
    const answers = isAnswer ? `In-Reply-To: ${parent}\r\nReferences: ${parent}\r\n` : "";
    const mime = `Message-ID: ${messageId}\r\n${answers}Subject: a mail\r\n\r\nwords`;
    this.#server.deliver(Buffer.from(mime), { received });
  }

  #othersAct(): void {
    const roll = this.#chance.fraction();
    const [number] = this.#chance.some([...this.#server.folderAt("INBOX").mails.keys()], 1);
    if (number === undefined || roll < 0.5) this.#deliver();
    else if (roll < 0.65) this.#server.expunge("INBOX", number);
    else if (roll < 0.85) this.#server.flag("INBOX", number, { seen: this.#chance.happens(0.5) });
    else if (roll < 0.92) this.#moveOutAndBack(number);
    else this.#gateway.clock.advance(dayMs);
  }

  #moveOutAndBack(number: number): void {
    const elsewhere = this.#server.move("INBOX", number, "Other");
    if (elsewhere !== undefined) this.#server.move("Other", elsewhere, "INBOX");
  }

  /** A Sync, answers lost on the way; its repeat may ask for another window. */
  async #sync(): Promise<void> {
    const commands = this.#commands();
    let wishes = this.#wishes(commands);
    while (this.#chance.happens(0.25)) {
      this.#lose(await this.#send(wishes));
      if (this.#chance.happens(0.5)) this.#othersAct();
      if (this.#chance.happens(0.3)) this.#gateway.clock.advance(dayMs);
      if (this.#chance.happens(0.4)) wishes = this.#wishes(commands);
    }
    const answer = await this.#send(wishes);
    for (const command of commands) this.#edit(command);
    assert.equal(this.#phone.apply(this.#folder, this.#withoutUntold(answer)).status, 1);
  }

  #commands(): readonly Command[] {
    const [ServerId] = this.#chance.some([...this.#phone.mails(this.#folder).keys()], 1);
    if (ServerId === undefined || this.#chance.happens(0.7)) return [];
    if (this.#chance.happens(0.4)) return [{ Delete: { ServerId } }];
    const Email = { Read: this.#chance.happens(0.5) };
    return [{ Change: { ServerId, ApplicationData: { Email } } }];
  }

  #wishes(commands: readonly Command[]): SyncWishes {
    if (this.#chance.happens(0.15)) this.#filter = this.#chance.one([0, 1, 2, 3]);
    if (this.#chance.happens(0.15)) this.#hasConversations = !this.#hasConversations;
    const window = this.#window();
    return commands.length === 0 ? window : { ...window, Commands: [...commands] };
  }

  #window(): SyncWishes {
    return {
      WindowSize: this.#chance.one([1, 2, 100]),
      ConversationMode: this.#hasConversations,
      Options: [{ FilterType: this.#filter, BodyPreference: [] }],
    };
  }

  async #send(wishes: SyncWishes): Promise<SyncAnswer> {
    const Collection = [this.#phone.asked(this.#folder, wishes)];
    return await this.#phone.client.send("Sync", { Collections: { Collection } });
  }

  #edit(command: Command): void {
    if ("Delete" in command) this.#phone.edit(this.#folder, command.Delete.ServerId, undefined);
    if (!("Change" in command)) return;
    const { ServerId, ApplicationData } = command.Change;
    const isThere = this.#phone.mails(this.#folder).has(ServerId);
    if (isThere && ApplicationData !== undefined && "Email" in ApplicationData)
      this.#phone.edit(this.#folder, ServerId, ApplicationData.Email);
  }

  #lose(answer: SyncAnswer): void {
    for (const command of answer.body?.Collections?.Collection[0]?.Commands ?? []) {
      if ("Add" in command) this.#untold.add(command.Add.ServerId);
    }
  }

  #withoutUntold(answer: SyncAnswer): SyncAnswer {
    const [own] = answer.body?.Collections?.Collection ?? [];
    if (answer.body === undefined || own?.Commands === undefined) return answer;
    const Collection = [{ ...own, Commands: own.Commands.filter((each) => this.#isTold(each)) }];
    return { ...answer, body: { ...answer.body, Collections: { Collection } } };
  }

  #isTold(command: Told): boolean {
    if (!("Delete" in command || "SoftDelete" in command)) return true;
    const { ServerId } = "Delete" in command ? command.Delete : command.SoftDelete;
    return this.#phone.mails(this.#folder).has(ServerId) || !this.#untold.delete(ServerId);
  }

  /** One more look; whether it brought anything. */
  async #settled(): Promise<boolean> {
    const answer = this.#withoutUntold(await this.#send(this.#window()));
    const { status, adds, changes, deletes } = this.#phone.apply(this.#folder, answer);
    assert.equal(status, 1);
    return adds.length + changes.length + deletes.length > 0;
  }

  #shown(): Record<string, boolean | undefined> {
    const mails = [...this.#phone.mails(this.#folder)];
    return Object.fromEntries(mails.map(([id, { Read }]) => [id, Read]));
  }

  #inside(): Record<string, boolean> {
    const all = [...this.#server.folderAt("INBOX").mails.values()];
    const inside = new Set(all.filter((mail) => this.#isYoung(mail)).map(({ number }) => number));
    for (const thread of this.#hasConversations ? conversationsOf(all) : []) {
      if (thread.some((number) => inside.has(number))) thread.forEach((each) => inside.add(each));
    }
    const mails = all.filter(({ number }) => inside.has(number));
    return Object.fromEntries(
      mails.map(({ number, flags }) => [`${this.#folder}:${number}`, flags.seen]),
    );
  }

  #isYoung({ received }: StoredMail): boolean {
    const days = daysOf[this.#filter];
    const today = Math.floor(this.#gateway.clock.now() / dayMs);
    return days === undefined || Math.floor(received.getTime() / dayMs) >= today - days;
  }
}

function conversationsOf(mails: readonly StoredMail[]): readonly (readonly number[])[] {
  return threadsIn(mails.map(({ number, message }) => ({ ...message, number })));
}

/** Plays one; throws with its seed. */
export async function runWindowHistory(gateway: ModelGateway, seed: number): Promise<void> {
  const history = new WindowHistory(gateway, seed);
  try {
    await history.run();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${cause}`, { cause: error });
  } finally {
    history.end();
  }
}
