/** What is not shown is not fetched: a large attachment beside a short text. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { countingWay, through } from "../rig/counting-way.ts";
import { startGateway } from "../rig/gateway.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

const attachmentBytes = 20 * 1024 * 1024;

let mail: MailServers;

before(async () => {
  mail = await mailServers();
});

after(() => mail?.stop());

function withAttachment(content: Buffer): Buffer {
  const encoded = content.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  return Buffer.from(
    [
      "From: a@example.test",
      "Subject: a film",
      "MIME-Version: 1.0",
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
      encoded,
      "--b--",
      "",
    ].join("\r\n"),
  );
}

test("Large attachment: a list costs a few kB, the attachment comes whole when it is asked for", async () => {
  await using way = await countingWay(mail.imap.port);
  await using gateway = await startGateway(mail, { configure: through(way.port) });
  const user = mail.freshUser();
  const film = Buffer.alloc(attachmentBytes, "film");
  await mail.seed(user, "INBOX", [{ mime: withAttachment(film) }]);
  using phone = new Phone({ url: gateway.url, user, password, version: "14.1" });
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  const already = way.octets();
  await phone.syncAll(inbox, { Options: [{ BodyPreference: [{ Type: 1 }] }] });
  const listed = way.octets() - already;
  assert.ok(listed < 20_000, `${listed} octets came from the server`);
  const [told] = phone.mails(inbox).values();
  assert.equal(told?.Body?.Data, "See the film.");
  const [attachment] = told?.Attachments ?? [];
  assert.ok(attachment !== undefined && "Attachment" in attachment);
  const { FileReference, EstimatedDataSize = 0 } = attachment.Attachment;
  assert.ok(Math.abs(EstimatedDataSize - attachmentBytes) < attachmentBytes / 50);
  const fetched = await fetchFile(phone, FileReference ?? "");
  assert.ok(fetched.equals(film), "every octet came back");
});

/** The attachment, as ItemOperations gives it. */
async function fetchFile(phone: Phone, FileReference: string): Promise<Buffer> {
  const Fetch = { Store: "Mailbox", FileReference, Options: [] };
  const { body } = await phone.client.send("ItemOperations", [{ Fetch }]);
  const [fetched] = body?.Response?.Fetch ?? [];
  assert.equal(fetched?.Status, 1);
  const data = fetched?.Properties?.Data;
  assert.ok(typeof data === "string");
  return Buffer.from(data, "base64");
}
