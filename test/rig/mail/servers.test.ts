import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { mailServers, password } from "./servers.ts";
import { realisticMails } from "./seed.ts";

/** Waits for the server's own event that a folder holds so many mails. */
async function untilThereAre(client: ImapFlow, count: number): Promise<void> {
  const mailbox = await client.mailboxOpen("INBOX");
  if (mailbox.exists >= count) return;
  await new Promise<void>((resolve) => {
    client.on("exists", (event) => {
      if (event.count >= count) resolve();
    });
    void client.idle();
  });
}

test("Rig: a mail that Postfix takes is in Dovecot, and a delivered one too", async () => {
  await using mail = await mailServers();
  const user = mail.freshUser();
  const submission = createTransport({
    host: "localhost",
    port: mail.smtp.port,
    requireTLS: true,
    tls: { ca: mail.certificate },
    auth: { user, pass: password },
  });
  await submission.sendMail({ from: user, to: user, subject: "by Postfix", text: "one" });
  await mail.deliver(user, Buffer.from("Subject: by LMTP\r\n\r\ntwo\r\n"));
  await using client = await mail.imapClient(user);
  await untilThereAre(client, 2);
});

test("Rig: seeded mails are all there, and a password of one's own counts", async () => {
  await using mail = await mailServers();
  const user = mail.freshUser();
  await mail.seed(user, "Work", realisticMails(600));
  await using client = await mail.imapClient(user);
  const status = await client.status("Work", { messages: true });
  assert.equal(status === false ? undefined : status.messages, 600);
  const own = mail.freshUser("own");
  await mail.setPassword(own, "sesame");
  await assert.rejects(mail.imapClient(own));
  await using _client = await mail.imapClient(own, "sesame");
});
