import { after, before, suite, test } from "node:test";
import { startCyrusServers } from "../../../test/rig/mail/cyrus-servers.ts";
import { credentialOf, imapBackend } from "../../../test/rig/mail/mailbox.ts";
import { otherClient } from "../../../test/rig/mail/other-client.ts";
import { assertReadAlike, regularMails } from "../../../test/rig/mail/read-alike.ts";
import type { MailServers } from "../../../test/rig/mail/servers.ts";
import { mailBackendContract, type Subject } from "../contract.ts";

suite("IMAP on a real Cyrus", () => {
  let mail: MailServers;
  before(async () => {
    mail = await startCyrusServers();
  });
  after(() => mail.stop());

  const open = async (): Promise<Subject> => {
    const user = mail.freshUser();
    const stack = new AsyncDisposableStack();
    const backend = stack.use(imapBackend(mail.imap.port));
    const client = await mail.imapClient(user);
    stack.defer(() => client.logout());
    return {
      backend,
      credential: credentialOf(user),
      other: otherClient(client),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  };
  mailBackendContract("Cyrus", open, {
    "quoted names": "the server takes no quotes in names",
    "wildcard names": "the server takes neither wildcards nor backslashes in names",
  });

  test("Mails that every server reads alike are told as they are read here", async () => {
    await assertReadAlike(mail, await regularMails());
  });
});
