/** What a client meets at the endpoint besides messages: offers, challenges, forms of the query, raw bodies. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RequestOf } from "../../schemas/commands.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { fromXml, toXml } from "../../src/wbxml/xml.ts";
import { EasClient, type ClientOptions } from "../client/client.ts";
import { Phone } from "../client/phone.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

const clock = new StillClock(systemClock.now());
const endpoint = "/Microsoft-Server-ActiveSync";
let mail: MailServers;
let gateway: TestGateway;

before(async () => {
  mail = await mailServers();
  gateway = await startGateway(mail, { clock });
});

after(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await mail?.stop();
});

function optionsOf(more: Partial<ClientOptions> = {}): ClientOptions {
  return { url: gateway.url, user: mail.freshUser(), password, version: "14.1", ...more };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test("OPTIONS: offers 2.5 to 16.1 and the commands that are handled", async () => {
  using client = new EasClient(optionsOf());
  const { httpStatus, headers } = await client.exchange("OPTIONS", endpoint, {}, undefined);
  assert.equal(httpStatus, 200);
  assert.equal(headers["ms-asprotocolversions"], "2.5,12.0,12.1,14.0,14.1,16.0,16.1");
  assert.ok(headers["ms-server-activesync"]);
  const offered = String(headers["ms-asprotocolcommands"]).split(",").toSorted();
  const expected =
    "Find FolderCreate FolderDelete FolderSync FolderUpdate GetAttachment GetHierarchy " +
    "GetItemEstimate ItemOperations MoveItems Ping Provision ResolveRecipients Search SendMail " +
    "Settings SmartForward SmartReply Sync ValidateCert";
  assert.equal(offered.join(" "), expected);
});

test("Login: without or with wrong credentials every method is 401 with a challenge", async () => {
  using client = new EasClient(optionsOf({ user: mail.freshUser("own"), password: "wrong" }));
  const target = `${endpoint}?Cmd=FolderSync&DeviceId=a1&DeviceType=Test&User=x`;
  for (const method of ["OPTIONS", "POST", "GET"]) {
    for (const headers of [{ Authorization: "" }, {}]) {
      const answer = await client.exchange(method, target, { headers }, undefined);
      assert.equal(answer.httpStatus, 401, `${method} ${JSON.stringify(headers)}`);
      assert.match(String(answer.headers["www-authenticate"]), /^Basic realm="/);
    }
  }
});

test("Query: the base64 form names the same device as the plain one", async () => {
  const options = optionsOf({ deviceId: "0123456789abcdef0123456789abcdef" });
  using plain = new Phone(options);
  assert.equal(await plain.folderSync(), 1);
  using short = new Phone({ ...options, base64: true });
  short.hierarchyKey = plain.hierarchyKey;
  assert.equal(await short.folderSync(), 1, "the key of the one is the key of the other");
  assert.equal(short.hierarchyKey, plain.hierarchyKey);
  using other = new Phone({ ...options, deviceId: "another0device" });
  other.hierarchyKey = plain.hierarchyKey;
  assert.equal(await other.folderSync(), 9);
});

test("Query: unknown commands, commands not handled and unknown versions have codes of their own", async () => {
  using client = new EasClient(optionsOf());
  assert.equal((await client.sendBytes("Dance", undefined)).httpStatus, 501);
  const meeting = await client.sendBytes("MeetingResponse", undefined);
  assert.match(toXml(meeting.bytes), /<Status>137<\/Status>/);
  const headers = { "MS-ASProtocolVersion": "99.9" };
  const refused = await client.sendBytes("FolderSync", undefined, { headers });
  assert.equal(refused.httpStatus, 505);
  assert.equal(refused.headers["ms-asprotocolversions"], "2.5,12.0,12.1,14.0,14.1,16.0,16.1");
});

const files = [
  "From: Ann <ann@example.test>",
  "Subject: two parts",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="mix"',
  "",
  "--mix",
  "Content-Type: text/plain",
  "",
  "The text.",
  "--mix",
  'Content-Type: application/octet-stream; name="data.bin"',
  "Content-Transfer-Encoding: base64",
  "",
  "AAECAwQF",
  "--mix--",
  "",
];

/** A phone that has one mail with an attachment. */
async function withFile(version: "12.1" | "14.1") {
  const phone = new Phone(optionsOf({ version }));
  await mail.deliver(phone.client.options.user, Buffer.from(files.join("\r\n")));
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  const { adds } = await phone.sync(inbox);
  const [serverId = ""] = adds;
  const [attached] = phone.mails(inbox).get(serverId)?.Attachments ?? [];
  assert.ok(attached && "Attachment" in attached);
  return { phone, inbox, serverId, reference: attached.Attachment.FileReference ?? "" };
}

/** The parts of a multipart answer (MS-ASCMD 2.2.1.10.1.1). */
function partsOf(bytes: Buffer): Buffer[] {
  const count = bytes.readUInt32LE(0);
  return Array.from({ length: count }, (_, index) => {
    const [at, length] = [bytes.readUInt32LE(4 + index * 8), bytes.readUInt32LE(8 + index * 8)];
    return bytes.subarray(at, at + length);
  });
}

test("ItemOperations: with MS-ASAcceptMultiPart the contents stand beside the message", async () => {
  const { phone, inbox, serverId, reference } = await withFile("14.1");
  using _ = phone;
  const request: RequestOf<"ItemOperations"> = [
    { Fetch: { Store: "Mailbox", FileReference: reference, Options: [] } },
    { Fetch: { Store: "Mailbox", CollectionId: inbox, ServerId: serverId, Options: [] } },
  ];
  const headers = { "MS-ASAcceptMultiPart": "T" };
  const answer = await phone.client.send("ItemOperations", request, { headers });
  assert.equal(answer.headers["content-type"], "application/vnd.ms-sync.multipart");
  const [message = Buffer.alloc(0), file, body] = partsOf(answer.bytes);
  assert.deepEqual(file, Buffer.from([0, 1, 2, 3, 4, 5]));
  assert.match(body?.toString() ?? "", /^The text\./);
  assert.match(toXml(message), /<Part>1<\/Part>[^]*<Part>2<\/Part>/);
});

test("GetAttachment: up to 12.1 the attachment itself is the answer, with its type", async () => {
  const { phone, reference } = await withFile("12.1");
  using _ = phone;
  const query = { AttachmentName: reference };
  const answer = await phone.client.sendBytes("GetAttachment", undefined, { query });
  assert.equal(answer.httpStatus, 200);
  assert.equal(answer.headers["content-type"], "application/octet-stream");
  assert.deepEqual(answer.bytes, Buffer.from([0, 1, 2, 3, 4, 5]));
});

test("Ping: a newer one of the device ends the older; the newer is woken", async () => {
  using phone = new Phone(optionsOf());
  await phone.folderSync();
  const wish = { heartbeatSeconds: 600, collectionIds: [phone.folderOfType(2)] };
  const older = phone.ping(wish);
  await until(() => gateway.gateway.push.held() === 1);
  const newer = phone.ping();
  assert.equal((await older).Status, 1);
  await until(() => gateway.gateway.push.held() === 1);
  await mail.deliver(phone.client.options.user, Buffer.from("Subject: news\r\n\r\nbody\r\n"));
  assert.equal((await newer).Status, 2);
});

test("Ping: more folders than one Ping may watch are refused with the number that it may", async () => {
  using client = new EasClient(optionsOf());
  const Folder = Array.from({ length: 301 }, (_, at) => ({ Id: String(at), Class: "Email" }));
  const request: RequestOf<"Ping"> = { HeartbeatInterval: 300, Folders: { Folder } };
  const { body } = await client.send("Ping", request);
  assert.deepEqual([body?.Status, body?.MaxFolders], [6, 300]);
});

test("Sync: 100 changes without a WindowSize, and no more than 2,048 commands of the device", async () => {
  using phone = new Phone(optionsOf());
  const mime = Buffer.from("Subject: one of many\r\n\r\nWords.\r\n");
  const mails = Array.from({ length: 101 }, () => ({ mime }));
  await mail.seed(phone.client.options.user, "INBOX", mails);
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  const first = await phone.sync(inbox);
  assert.deepEqual([first.adds.length, first.more], [100, true]);
  const Delete = { ServerId: first.adds[0] ?? "" };
  const Commands = Array.from({ length: 2_049 }, () => ({ Delete }));
  assert.equal((await phone.sync(inbox, { Commands })).status, 4);
  const last = await phone.sync(inbox, { WindowSize: 512 });
  assert.deepEqual([last.adds.length, last.deletes, last.more], [1, [], false]);
});

test("Sync: messages as real clients write them, with pages switched twice and unknown elements", async () => {
  using phone = new Phone(optionsOf());
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  const xml = `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>0</SyncKey>
    <CollectionId>${inbox}</CollectionId><page0:tag3e>who knows</page0:tag3e></Collection></Collections></Sync>`;
  const once = fromXml(xml);
  const switched = Buffer.concat([
    once.subarray(0, 4),
    Buffer.from([0, 0, 0, 0]),
    once.subarray(4),
  ]);
  for (const bytes of [once, switched]) {
    const answer = await phone.client.sendBytes("Sync", bytes);
    assert.match(toXml(answer.bytes), /<Status>1<\/Status>/);
  }
});
