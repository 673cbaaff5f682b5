/** The ways of large mails and attachments through a gateway, each with a look at what arrives. */
import { createCipheriv, createHash, randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { commands, type RequestOf } from "../../../schemas/commands.ts";
import type { ProtocolVersion } from "../../../schemas/version.ts";
import { decode } from "../../../src/wbxml/decode.ts";
import { encode } from "../../../src/wbxml/encode.ts";
import { EasClient, type CallOptions } from "../../client/client.ts";
import type { Phone } from "../../client/phone.ts";
import type { MailServers } from "../../rig/mail/servers.ts";

/** A user with a phone and mails of two sizes. */
export interface Scene {
  readonly mail: MailServers;
  readonly phone: Phone;
  readonly user: string;
  readonly inbox: string;
}

/** One way of a large body. It does it once with so many octets and says whether they came whole. */
export interface Path {
  readonly name: string;
  readonly version: ProtocolVersion;
  readonly run: (scene: Scene, sizeBytes: number) => Promise<boolean>;
}

/** Octets that gzip makes little of, the same for the same size. */
function noise(sizeBytes: number): Buffer {
  const key = createHash("md5").update(String(sizeBytes)).digest();
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

function lines(content: Buffer): string {
  return content.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
}

/** A mail of about this size. */
function mailOf(user: string, subject: string, sizeBytes: number): Buffer {
  const head = `From: <${user}>\r\nTo: <${user}>\r\nSubject: ${subject}\r\nDate: Tue, 24 Nov 2026 08:00:00 +0000\r\nMessage-ID: <${subject}@bench>\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(head),
    Buffer.from(`${lines(noise(Math.floor((sizeBytes * 57) / 78)))}\r\n`),
  ]);
}

/** A mail with a film. */
function withAttachment(sizeBytes: number): Buffer {
  const head = `From: a@example.test\r\nSubject: ${sizeBytes}\r\nMIME-Version: 1.0\r\n`;
  return Buffer.concat([Buffer.from(head), filmPart(sizeBytes)]);
}

/** A signed mail with a film, which is not to be taken apart. */
function signed(sizeBytes: number): Buffer {
  const head = [
    "From: a@example.test",
    `Subject: signed ${sizeBytes}`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s',
    "",
    "--s",
    "",
  ].join("\r\n");
  const signature = "\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--s--\r\n";
  return Buffer.concat([Buffer.from(head), filmPart(sizeBytes), Buffer.from(signature)]);
}

function filmPart(sizeBytes: number): Buffer {
  const head = [
    "Content-Type: multipart/mixed; boundary=b",
    "",
    "--b",
    "Content-Type: text/plain",
    "",
    "See the film.",
    "--b",
    "Content-Type: video/mp4; name=film.mp4",
    "Content-Disposition: attachment; filename=film.mp4",
    "Content-Transfer-Encoding: base64",
    "",
    "",
  ].join("\r\n");
  return Buffer.from(`${head}${lines(noise(sizeBytes))}\r\n--b--\r\n`);
}

function sendMail(packed: boolean): Path["run"] {
  return async ({ mail, phone, user }, sizeBytes) => {
    const subject = randomUUID();
    const mime = mailOf(user, subject, sizeBytes);
    const { version } = phone.client.options;
    const isRaw = Number(version) < 14;
    const request = { ClientId: subject, SaveInSentItems: true as const, Mime: mime };
    const plain = isRaw ? mime : encode(request, commands.SendMail.request, version);
    const call: CallOptions & { contentType?: string } = {
      ...(isRaw ? { contentType: "message/rfc822", query: { SaveInSent: "T" } } : {}),
      headers: packed ? { "Content-Encoding": "gzip" } : {},
    };
    const answer = await phone.client.sendBytes("SendMail", packed ? gzipSync(plain) : plain, call);
    if (answer.httpStatus !== 200 || answer.bytes.length > 0) return false;
    const body = mime.subarray(mime.indexOf("\r\n\r\n") + 4);
    return await arrived(mail, user, { subject, body });
  };
}

/** Whether the mail is in the inbox and in Sent, octet for octet. */
async function arrived(
  mail: MailServers,
  user: string,
  { subject, body }: { subject: string; body: Buffer },
): Promise<boolean> {
  await using client = await mail.imapClient(user);
  for (const folder of ["Sent", "INBOX"]) {
    await client.mailboxOpen(folder);
    const look = async (): Promise<number | undefined> => {
      await client.noop();
      const found = await client.search({ subject }, { uid: true });
      return found === false ? undefined : found?.[0];
    };
    let uid = await look();
    for (; uid === undefined; uid = await look()) await wait(100);
    const found = await client.fetchOne(String(uid), { source: true }, { uid: true });
    // Behind it there is at most the end of a multipart.
    const at = found === false ? -1 : (found.source?.lastIndexOf(body) ?? -1);
    if (found === false || at < (found.source?.length ?? 0) - body.length - 100) return false;
  }
  return true;
}

/** The FileReference of the attachment, and the ServerId of its mail. */
export async function find(scene: Scene, sizeBytes: number, make = withAttachment) {
  const { phone, inbox, mail: servers, user } = scene;
  const subject = make === signed ? `signed ${sizeBytes}` : String(sizeBytes);
  const known = () => [...phone.mails(inbox)].find(([, mail]) => mail.Subject === subject);
  if (known() === undefined) {
    await servers.seed(user, "INBOX", [{ mime: make(sizeBytes) }]);
    await phone.syncAll(inbox, { Options: [{ BodyPreference: [{ Type: 1, TruncationSize: 0 }] }] });
  }
  const [ServerId = "", found] = known() ?? [];
  const [first] = found?.Attachments ?? [];
  const reference =
    first !== undefined && "Attachment" in first ? first.Attachment.FileReference : undefined;
  return { ServerId, reference: reference ?? "" };
}

async function fetched(scene: Scene, Fetch: object, multipart: boolean): Promise<Buffer> {
  const { client } = scene.phone;
  const request = [{ Fetch }];
  const schema = commands.ItemOperations.request;
  const bytes = encode(request as RequestOf<"ItemOperations">, schema, client.options.version);
  const headers: Record<string, string> = multipart ? { "MS-ASAcceptMultiPart": "T" } : {};
  const answer = await client.sendBytes("ItemOperations", bytes, { headers });
  if (!multipart) return longestString(answer.bytes);
  const at = answer.bytes.readUInt32LE(12);
  return answer.bytes.subarray(at, at + answer.bytes.readUInt32LE(16));
}

/** The longest inline string of a WBXML stream: far longer than what a decoder with limits takes. */
function longestString(bytes: Buffer): Buffer {
  let longest: Buffer = Buffer.alloc(0);
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    const stretch = bytes.subarray(at, end === -1 ? bytes.length : end);
    if (stretch.length > longest.length) longest = stretch;
    at += stretch.length + 1;
  }
  const inlineString = 3;
  return longest.subarray(longest.subarray(0, 64).lastIndexOf(inlineString) + 1);
}

function attachment(multipart: boolean, ranged = false): Path["run"] {
  return async (scene, sizeBytes) => {
    const { reference: FileReference } = await find(scene, sizeBytes);
    const [first, last] = ranged ? [1000, sizeBytes - 1000] : [0, sizeBytes - 1];
    const Options = ranged ? [{ Range: `${first}-${last}` }] : [];
    const data = await fetched(scene, { Store: "Mailbox", FileReference, Options }, multipart);
    const bytes = multipart ? data : Buffer.from(data.toString("latin1"), "base64");
    return bytes.equals(noise(sizeBytes).subarray(first, last + 1));
  };
}

/** Another mail's attachment goes on to himself: from the mail server to the mail server, not by the phone. */
async function smartForward(scene: Scene, sizeBytes: number): Promise<boolean> {
  const { ServerId } = await find(scene, sizeBytes);
  return await forwarded(scene, ServerId, Buffer.from(lines(noise(sizeBytes))));
}

/** A signed mail goes on as it stands. */
async function forwardSigned(scene: Scene, sizeBytes: number): Promise<boolean> {
  const { ServerId } = await find(scene, sizeBytes, signed);
  return await forwarded(scene, ServerId, signed(sizeBytes));
}

async function forwarded(scene: Scene, ItemId: string, body: Buffer): Promise<boolean> {
  const { phone, mail, user, inbox } = scene;
  const subject = randomUUID();
  const head = `From: <${user}>\r\nTo: <${user}>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@bench>\r\n`;
  const Mime = Buffer.from(`${head}\r\nThe film.\r\n`);
  const Source = { FolderId: inbox, ItemId };
  const request = { ClientId: subject, Source, SaveInSentItems: true as const, Mime };
  const answer = await phone.client.send("SmartForward", request);
  if (answer.httpStatus !== 200 || answer.body !== undefined) return false;
  return await arrived(mail, user, { subject, body });
}

/** A draft that comes with its attachment and is sent at once. */
async function sendDraft({ phone, mail, user }: Scene, sizeBytes: number): Promise<boolean> {
  const drafts = phone.folderOfType(3);
  if (phone.asked(drafts).SyncKey === "0") await phone.syncAll(drafts);
  const subject = randomUUID();
  const content = noise(sizeBytes);
  const file = { ClientId: "film", Method: 1, Content: content, DisplayName: "film.mp4" };
  const Email = { To: user, Subject: subject, Attachments: [{ Add: file }] };
  const Add = { ClientId: subject, Send: true as const, ApplicationData: { Email } };
  const { responses } = await phone.sync(drafts, { Commands: [{ Add }] });
  const [added] = responses;
  if (added === undefined || !("Add" in added) || added.Add.Status !== 1) return false;
  return await arrived(mail, user, { subject, body: Buffer.from(lines(content)) });
}

async function getAttachment(scene: Scene, sizeBytes: number): Promise<boolean> {
  const { reference: AttachmentName } = await find(scene, sizeBytes);
  const query = { AttachmentName };
  const answer = await scene.phone.client.sendBytes("GetAttachment", undefined, { query });
  return answer.bytes.equals(noise(sizeBytes));
}

function wholeMail(multipart: boolean): Path["run"] {
  return async (scene, sizeBytes) => {
    const { ServerId } = await find(scene, sizeBytes);
    const Options = [{ MIMESupport: 2, BodyPreference: [{ Type: 4 }] }];
    const Fetch = { Store: "Mailbox", CollectionId: scene.inbox, ServerId, Options };
    return (await fetched(scene, Fetch, multipart)).equals(withAttachment(sizeBytes));
  };
}

async function syncMime(scene: Scene, sizeBytes: number): Promise<boolean> {
  await find(scene, sizeBytes);
  const deviceId = randomUUID().replaceAll("-", "");
  using client = new EasClient({ ...scene.phone.client.options, deviceId });
  const CollectionId = scene.inbox;
  const Options = [{ MIMESupport: 2, BodyPreference: [{ Type: 4 }] }];
  const { request, response } = commands.Sync;
  const { version } = client.options;
  for (let SyncKey = "0"; ;) {
    const GetChanges = SyncKey === "0" ? {} : { GetChanges: true, WindowSize: 10, Options };
    const Collection = [{ SyncKey, CollectionId, Options: [], ...GetChanges }];
    const asked = encode({ Collections: { Collection } }, request, version);
    const { bytes } = await client.sendBytes("Sync", asked);
    if (longestString(bytes).equals(withAttachment(sizeBytes))) return true;
    if (bytes.length === 0 || bytes.length > sizeBytes) return false;
    const { Collections } = decode(bytes, response, version);
    SyncKey = Collections?.Collection[0]?.SyncKey ?? "";
  }
}

/** Every way that a large body has. */
export const paths: readonly Path[] = [
  { name: "SendMail, WBXML", version: "16.1", run: sendMail(false) },
  { name: "SendMail, WBXML by gzip", version: "14.1", run: sendMail(true) },
  { name: "SendMail, message/rfc822", version: "12.1", run: sendMail(false) },
  { name: "SendMail, message/rfc822 by gzip", version: "12.1", run: sendMail(true) },
  { name: "ItemOperations attachment", version: "16.1", run: attachment(false) },
  { name: "ItemOperations, multipart", version: "14.1", run: attachment(true) },
  { name: "ItemOperations, Range", version: "14.1", run: attachment(false, true) },
  { name: "ItemOperations, multipart, Range", version: "14.1", run: attachment(true, true) },
  { name: "SmartForward", version: "16.1", run: smartForward },
  { name: "SmartForward, signed", version: "14.1", run: forwardSigned },
  { name: "Sync Send of a draft", version: "16.1", run: sendDraft },
  { name: "GetAttachment", version: "12.1", run: getAttachment },
  { name: "ItemOperations mail as MIME", version: "14.1", run: wholeMail(false) },
  { name: "ItemOperations mail, multipart", version: "14.1", run: wholeMail(true) },
  { name: "Sync mail as MIME", version: "14.1", run: syncMime },
];
