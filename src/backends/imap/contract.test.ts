import { after, before, suite } from "node:test";
import { ImapFlow } from "imapflow";
import { credentialOf, imapBackend } from "../../../test/rig/mail/mailbox.ts";
import { otherClient } from "../../../test/rig/mail/other-client.ts";
import { startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { mailServers, password, type MailServers } from "../../../test/rig/mail/servers.ts";
import { poorImapServer } from "../../../test/rig/mail/poor-imap.ts";
import { mailBackendContract, type Subject } from "../contract.ts";

suite("IMAP on a real Dovecot", () => {
  let mail: MailServers;
  before(async () => {
    mail = await mailServers();
  });
  after(() => mail.stop());

  /** A fresh mailbox, reached through a proxy that takes these capabilities away. */
  const open = async (without: readonly string[]): Promise<Subject> => {
    const user = mail.freshUser();
    const stack = new AsyncDisposableStack();
    const proxy = stack.use(await startImapProxy(mail.imap.port, { without }));
    const backend = stack.use(imapBackend(proxy.port));
    const client = await mail.imapClient(user);
    stack.defer(() => client.logout());
    return {
      backend,
      credential: credentialOf(user),
      other: otherClient(client),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  };

  mailBackendContract("Dovecot", () => open([]));
  mailBackendContract("Dovecot without QRESYNC", () => open(["QRESYNC"]));
  mailBackendContract(
    "Dovecot with little more than RFC 3501",
    () =>
      open(
        "CONDSTORE QRESYNC ENABLE ESEARCH WITHIN MOVE LIST-EXTENDED LIST-STATUS SPECIAL-USE".split(
          " ",
        ),
      ),
    {
      conflicts: "the server has no CONDSTORE",
      "quiet marks": "the server has no CONDSTORE",
    },
  );
});

mailBackendContract(
  "a server in memory",
  async (): Promise<Subject> => {
    const user = "user@example.test";
    const server = await poorImapServer(user, password);
    const where = { host: "127.0.0.1", port: server.port };
    const backend = imapBackend(server.port);
    const client = new ImapFlow({
      ...where,
      secure: false,
      doSTARTTLS: false,
      auth: { user, pass: password },
      logger: false,
      disableCompression: true,
      disableAutoIdle: true,
    });
    client.on("error", () => undefined);
    await client.connect();
    return {
      backend,
      credential: credentialOf(user),
      other: otherClient(client),
      [Symbol.asyncDispose]: async () => {
        await backend[Symbol.asyncDispose]();
        client.close();
        await server[Symbol.asyncDispose]();
      },
    };
  },
  {
    identities: "the server gives folders no identity",
    "quoted names": "the server takes a quote in a folder's name for its end",
    "quiet marks": "the server tells every item at each look",
    conflicts: "the server does not heed UNCHANGEDSINCE",
    "flag hints": "the server's IDLE is silent about flags",
    "decoded texts": "the server searches mails as they are on the wire",
  },
);
