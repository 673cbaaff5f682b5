/** HTML that the operator wants gone through: in every command that gives bodies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Phone } from "../client/phone.ts";
import { startGateway } from "../rig/gateway.ts";
import { mailServers, password } from "../rig/mail/servers.ts";

const html =
  '<p onclick="x()">Hello<img src="cid:a@x"><img src="http://x.test/seen.gif"></p><script>x()</script>';
const mime = `From: a@example.test\r\nSubject: news\r\nContent-Type: text/html\r\n\r\n${html}\r\n`;

test("HTML of mails goes to the device as the operator wants it, MIME as it is", async () => {
  await using mail = await mailServers();
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", [{ mime: Buffer.from(mime) }]);
  await using gateway = await startGateway(mail, {
    configure: (config) => ({ ...config, mail: { html: "private" } }),
  });
  const dataAs = async (Type: number): Promise<string> => {
    using phone = new Phone({ url: gateway.url, user, password, version: "16.1" });
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    await phone.syncAll(inbox, { Options: [{ MIMESupport: 2, BodyPreference: [{ Type }] }] });
    const [shown] = phone.mails(inbox).values();
    const data = shown?.Body?.Data;
    assert.ok(typeof data === "string");
    return data;
  };
  assert.equal((await dataAs(2)).trim(), '<p>Hello<img src="cid:a@x"><img></p>');
  assert.ok((await dataAs(4)).endsWith(`${html}\r\n`));
});
