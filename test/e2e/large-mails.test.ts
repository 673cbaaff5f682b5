/** Mails of 50 MB beside small ones: what a device wants cut is fetched cut. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone, type Mail } from "../client/phone.ts";
import { countingWay, through } from "../rig/counting-way.ts";
import { shownBytes } from "../fixtures/mime/shown.ts";
import { startGateway } from "../rig/gateway.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

const largeBytes = 50 * 1024 * 1024;

/** What a device wants of each mail. */
const cutBytes = 5_000;

/** Far above what small cuts of six mails take, far below the smallest piece of a large mail that would hurt. */
const mostOctets = 500_000;

let mail: MailServers;

before(async () => {
  mail = await mailServers();
});

after(() => mail?.stop());

function mime(subject: string, type: string, body: Buffer | string): Buffer {
  const head = `From: a@example.test\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** Lines of a text, repeated up to 50 MB. */
function many(line: string, start = "", end = ""): Buffer {
  const room = largeBytes - start.length - end.length;
  const lines = Buffer.alloc(room - (room % line.length), line);
  return Buffer.concat([Buffer.from(`\r\n${start}`), lines, Buffer.from(end)]);
}

const words = "A line of a text that never comes to its end.\r\n";
const encoded = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n";
const small = (subject: string) => mime(subject, "text/plain", "\r\nShort words.\r\n");
const film = `--b\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n--b\r\nContent-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n`;

const mails = [
  small("small 1"),
  mime("large text", "text/plain; charset=utf-8", many(words)),
  mime("large HTML", "text/html; charset=utf-8", many(`<p>${words}</p>`, "<html><body>")),
  mime("large base64", "text/plain\r\nContent-Transfer-Encoding: base64", many(encoded)),
  mime("large film", "multipart/mixed; boundary=b", many(encoded, film, "--b--\r\n")),
  small("small 2"),
];

test("Large mails: 50 MB beside small mails are cut by the server, in each form that a device wants", async () => {
  await using way = await countingWay(mail.imap.port);
  await using gateway = await startGateway(mail, { configure: through(way.port) });
  const user = mail.freshUser();
  for (const each of mails) await mail.seed(user, "INBOX", [{ mime: each }]);
  for (const Type of [1, 2, 4]) {
    using phone = new Phone({ url: gateway.url, user, password, version: "16.1" });
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    const preference = { Type, TruncationSize: cutBytes, Preview: 100 };
    const already = way.octets();
    await phone.syncAll(inbox, { Options: [{ MIMESupport: 2, BodyPreference: [preference] }] });
    const came = way.octets() - already;
    assert.ok(came < mostOctets, `as Type ${Type} ${came} octets came from the server`);
    const told = new Map([...phone.mails(inbox).values()].map((one) => [one.Subject, one]));
    assert.equal(told.size, mails.length);
    for (const [subject, each] of told) assertCut(each, `${subject} as Type ${Type}`, Type);
  }
});

/** A large text is cut and says how large it is; small mails and the words before a film are whole. */
function assertCut({ Subject = "", Body }: Mail, what: string, Type: number): void {
  const isLarge = Subject.startsWith("large") && (Type === 4 || Subject !== "large film");
  const { Truncated = false, EstimatedDataSize = 0 } = Body ?? {};
  const Data = shownBytes(Body?.Data);
  assert.equal(Truncated, isLarge, `${what} is cut`);
  assert.ok(Data.length > 0 && Data.length <= cutBytes, `${what} has ${Data.length} octets`);
  if (isLarge) assert.ok(EstimatedDataSize > largeBytes / 20, `${what}: ${EstimatedDataSize}`);
}
