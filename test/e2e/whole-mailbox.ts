/** Whole folders through the endpoint, as tests for any mail server: every mail once, with its flags, whatever is in it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Phone, type Mail } from "../client/phone.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { realisticMails } from "../rig/mail/seed.ts";
import { password, type MailServers } from "../rig/mail/servers.ts";

/** The servers and the gateway over them. */
interface World {
  readonly mail: MailServers;
  readonly gateway: TestGateway;
}

/** Declares the tests; servers and gateway are started once for all of them. */
export function wholeMailbox(name: string, servers: () => Promise<MailServers>): void {
  const stack = new AsyncDisposableStack();
  let world: World;
  before(async () => {
    const mail = stack.use(await servers());
    world = { mail, gateway: stack.use(await startGateway(mail)) };
  });
  after(() => stack.disposeAsync());

  test(`Whole mailbox on ${name}: 1,000 mails in windows of 100, each once, with the flags that IMAP has`, () =>
    eachOnce(world));
  test(`Whole mailbox on ${name}: what another client does to many mails at once reaches the device once`, () =>
    manyAtOnce(world));
  test(
    `Whole mailbox on ${name}: no odd mail of the corpus stops its folder, in no form`,
    { skip },
    () => oddMails(world),
  );
}

const corpus = new URL("../../../shared/corpus/mime/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of mails is not tried";

function phoneOf({ gateway }: World, user: string, version: "12.1" | "14.1" = "14.1"): Phone {
  return new Phone({ url: gateway.url, user, password, version });
}

/** Flags by UID, as another client sees them. */
async function flagsOf(
  { mail }: World,
  user: string,
  path: string,
): Promise<Map<number, ReadonlySet<string>>> {
  const client = await mail.imapClient(user);
  try {
    await client.mailboxOpen(path, { readOnly: true });
    const found = new Map<number, ReadonlySet<string>>();
    for await (const { uid, flags } of client.fetch("1:*", { uid: true, flags: true })) {
      found.set(uid, flags ?? new Set());
    }
    return found;
  } finally {
    await client.logout();
  }
}

function uidOf(serverId: string): number {
  return Number(serverId.split(":")[1]);
}

function assertSameFlags(
  mails: ReadonlyMap<string, Mail>,
  flags: Map<number, ReadonlySet<string>>,
) {
  assert.equal(mails.size, flags.size);
  for (const [serverId, { Read, Flag }] of mails) {
    const there = flags.get(uidOf(serverId));
    assert.ok(there, `${serverId} is in the mailbox`);
    assert.equal(Read, there.has("\\Seen"), `${serverId}: Read`);
    assert.equal(Flag?.Status === 2, there.has("\\Flagged"), `${serverId}: Flag`);
  }
}

async function eachOnce(world: World): Promise<void> {
  const { mail } = world;
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", realisticMails(1_000));
  for (const version of ["12.1", "14.1"] as const) {
    using phone = phoneOf(world, user, version);
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    // The phone refuses an Add of what it has.
    const rounds = await phone.syncAll(inbox, { WindowSize: 100 });
    assert.equal(rounds, 10);
    assertSameFlags(phone.mails(inbox), await flagsOf(world, user, "INBOX"));
    const next = await phone.sync(inbox);
    assert.deepEqual([next.adds, next.changes, next.deletes], [[], [], []]);
  }
}

async function manyAtOnce(world: World): Promise<void> {
  const { mail } = world;
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", realisticMails(600));
  using phone = phoneOf(world, user);
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox, { WindowSize: 512 });
  const client = await mail.imapClient(user);
  await client.mailboxOpen("INBOX");
  await client.messageFlagsAdd("1:*", ["\\Seen"]);
  await client.messageDelete("101:200", { uid: true });
  await client.logout();
  let changes = 0;
  let deletes = 0;
  for (let more = true; more;) {
    const brought = await phone.sync(inbox, { WindowSize: 100 });
    changes += brought.changes.length;
    deletes += brought.deletes.length;
    assert.ok(brought.changes.length + brought.deletes.length <= 100, "the window holds");
    more = brought.more;
  }
  // A third of the mails had been read before.
  const unread = realisticMails(600).filter(({ flags }, index) => {
    return !flags?.includes("\\Seen") && (index < 100 || index >= 200);
  });
  assert.deepEqual([changes, deletes], [unread.length, 100]);
  assertSameFlags(phone.mails(inbox), await flagsOf(world, user, "INBOX"));
}

async function oddMails(world: World): Promise<void> {
  const { mail, gateway } = world;
  const user = mail.freshUser();
  const names = await taken(world, user, readdirSync(corpus));
  for (const Type of [1, 2, 4]) {
    using phone = phoneOf(world, user);
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    const preference = { Type, TruncationSize: 100_000, Preview: 80 };
    const Options = [{ MIMESupport: 2, BodyPreference: [preference] }];
    await phone.syncAll(inbox, { WindowSize: 25, Options });
    const missing = names.filter((_, index) => !phone.mails(inbox).has(`${inbox}:${index + 1}`));
    assert.deepEqual(missing, [], `as Type ${Type}`);
    await fetchAttachments(phone, inbox);
  }
  const skipped = gateway.lines.filter(({ msg }) => String(msg).includes("is skipped"));
  assert.deepEqual(skipped, []);
}

/** Appends mails of the corpus; those that the server takes: Cyrus refuses what is in no way a header. */
async function taken(
  { mail }: World,
  user: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const there: string[] = [];
  const client = await mail.imapClient(user);
  for (const name of names) {
    const mime = crlf(readFileSync(new URL(name, corpus)));
    const appended = await client.append("INBOX", mime).catch(() => false);
    if (appended !== false) there.push(name);
  }
  await client.logout();
  assert.ok(there.length > names.length / 2, `${there.length} of ${names.length} mails are taken`);
  return there;
}

/** Every attachment that is listed can be fetched. */
async function fetchAttachments(phone: Phone, inbox: string): Promise<void> {
  for (const [serverId, { Attachments = [] }] of phone.mails(inbox)) {
    const references = Attachments.flatMap((each) =>
      "Attachment" in each ? [each.Attachment.FileReference ?? ""] : [],
    );
    if (references.length === 0) continue;
    const request = references.map((FileReference) => {
      return { Fetch: { Store: "Mailbox", FileReference, Options: [] } };
    });
    const { body } = await phone.client.send("ItemOperations", request);
    const statuses = body?.Response?.Fetch.map(({ Status }) => Status);
    assert.deepEqual(
      statuses,
      references.map(() => 1),
      serverId,
    );
  }
}

/** As delivery agents store it; some files of the corpus have bare line feeds. */
function crlf(mime: Buffer): Buffer {
  return Buffer.from(mime.toString("latin1").replaceAll(/\r?\n/g, "\r\n"), "latin1");
}
