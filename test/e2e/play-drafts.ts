/** What two devices of a user do with drafts, beside another mail client: any server must be up to it. */
import assert from "node:assert/strict";
import { Phone, type Brought, type Mail, type SyncWishes } from "../client/phone.ts";
import { countOf, until, type Scene } from "./play.ts";

type Command = NonNullable<SyncWishes["Commands"]>[number];

/** One device's Drafts. */
class Drafts implements Disposable {
  readonly phone: Phone;
  folder = "";

  constructor({ phone }: Scene) {
    const { url, user, password } = phone.client.options;
    this.phone = new Phone({ url, user, password, version: "16.1" });
  }

  async open(): Promise<void> {
    assert.equal(await this.phone.folderSync(), 1);
    this.folder = this.phone.folderOfType(3);
    await this.phone.syncAll(this.folder);
  }

  async add(ClientId: string, Email: Mail): Promise<string> {
    const { responses } = await this.#upload({ Add: { ClientId, ApplicationData: { Email } } });
    const [added] = responses.flatMap((each) => ("Add" in each ? [each.Add] : []));
    assert.equal(added?.Status, 1);
    this.phone.edit(this.folder, added.ServerId ?? "", Email);
    return added.ServerId ?? "";
  }

  /** Gives the Status of the change; 1 when there is no response. */
  async change(ServerId: string, Email: Mail): Promise<Brought & { readonly ofItem: number }> {
    const brought = await this.#upload({ Change: { ServerId, ApplicationData: { Email } } });
    return { ...brought, ofItem: statusIn(brought) };
  }

  async send(ServerId: string, Email: Mail): Promise<number> {
    const ApplicationData = { Email };
    return statusIn(await this.#upload({ Change: { ServerId, Send: true, ApplicationData } }));
  }

  async sync(): Promise<Brought> {
    return await this.phone.sync(this.folder);
  }

  subjectOf(serverId: string): string | undefined {
    return this.phone.mails(this.folder).get(serverId)?.Subject;
  }

  [Symbol.dispose](): void {
    this.phone[Symbol.dispose]();
  }

  /** Sends it twice: the first answer is lost. */
  async #upload(command: Command): Promise<Brought> {
    const Collection = [this.phone.asked(this.folder, { Commands: [command] })];
    const request = { Collections: { Collection } };
    await this.phone.client.send("Sync", request);
    const brought = this.phone.apply(this.folder, await this.phone.client.send("Sync", request));
    assert.equal(brought.status, 1);
    return brought;
  }
}

function statusIn({ responses }: Brought): number {
  const [changed] = responses.flatMap((each) => ("Change" in each ? [each.Change] : []));
  return changed?.Status ?? 1;
}

function words(Subject: string): Mail {
  return { Subject, Body: { Type: 1, Data: `Words of ${Subject}.` } };
}

/** Writes drafts, changes them on two devices and in another client, and sends them. */
export async function playDrafts(scene: Scene): Promise<void> {
  using first = new Drafts(scene);
  using second = new Drafts(scene);
  await first.open();
  await second.open();
  const draft = await playVersions(scene, first, second);
  await playConflicts(scene, { first, second, draft });
  await playSending(scene, { first, second, draft });
}

/** A draft keeps its id on both devices, whatever the server calls its versions. */
async function playVersions(scene: Scene, first: Drafts, second: Drafts): Promise<string> {
  const before = await countOf(scene, "Drafts");
  const Content = Buffer.from("one;two");
  const file = { ClientId: "a1", Method: 1, Content, DisplayName: "plan.csv" };
  const draft = await first.add("c1", { ...words("first"), Attachments: [{ Add: file }] });
  assert.equal(await countOf(scene, "Drafts"), before + 1);
  assert.deepEqual((await second.sync()).adds, [draft]);
  for (const subject of ["second", "third"]) {
    const { ofItem, adds, changes, deletes } = await first.change(draft, words(subject));
    assert.deepEqual([ofItem, adds, changes, deletes], [1, [], [], []]);
  }
  assert.equal(await countOf(scene, "Drafts"), before + 1);
  const told = await second.sync();
  assert.deepEqual([told.adds, told.changes, told.deletes], [[], [draft], []]);
  assert.equal(second.subjectOf(draft), "third");
  const { Attachments = [] } = second.phone.mails(second.folder).get(draft) ?? {};
  assert.equal(Attachments.length, 1);
  const quiet = await first.sync();
  assert.deepEqual([quiet.adds, quiet.changes, quiet.deletes], [[], [], []]);
  return draft;
}

interface Played {
  readonly first: Drafts;
  readonly second: Drafts;
  readonly draft: string;
}

/** Two texts at once are both there. */
async function playConflicts(scene: Scene, { first, second, draft }: Played): Promise<void> {
  const before = await countOf(scene, "Drafts");
  assert.equal((await first.change(draft, words("ours"))).ofItem, 1);
  const { ofItem, adds, changes } = await second.change(draft, words("theirs"));
  assert.deepEqual([ofItem, adds.length, changes], [7, 1, [draft]]);
  assert.deepEqual(
    [draft, ...adds].map((id) => second.subjectOf(id)),
    ["ours", "theirs"],
  );
  assert.equal(await countOf(scene, "Drafts"), before + 1);
  assert.deepEqual((await first.sync()).adds, adds);
}

/** What is sent came once, is in Sent and no draft any more. */
async function playSending(scene: Scene, { first, second, draft }: Played): Promise<void> {
  const { user } = scene;
  const counts = async () => {
    const names = ["INBOX", "Sent", "Drafts"];
    return await Promise.all(names.map((name) => countOf(scene, name)));
  };
  const [inbox = 0, sent = 0, drafts = 0] = await counts();
  assert.equal(await first.send(draft, { ...words("sent"), To: user }), 1);
  await until(async () => (await countOf(scene, "INBOX")) === inbox + 1, "the draft has come");
  assert.deepEqual(await counts(), [inbox + 1, sent + 1, drafts - 1]);
  assert.deepEqual((await second.sync()).deletes, [draft]);
}
