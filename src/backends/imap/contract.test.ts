import { after, before, suite } from "node:test";
import { ImapFlow } from "imapflow";
import type { Credential } from "../../backend.ts";
import type { Log } from "../../kit/log.ts";
import { systemClock } from "../../kit/clock.ts";
import { mailServers, password, type MailServers } from "../../../test/rig/mail/servers.ts";
import { poorImapServer } from "../../../test/rig/mail/poor-imap.ts";
import { mailBackendContract, type OtherClient, type Subject } from "../contract.ts";
import { createImapBackend } from "./backend.ts";

const silence = (): void => undefined;
const log: Log = { debug: silence, info: silence, warn: silence, error: silence, child: () => log };
const surroundings = { clock: systemClock, log };

function credentialOf(login: string): Credential {
  return { login, password, fingerprint: login, clientAddress: "192.0.2.1" };
}

/** Another client, on a connection of its own. */
function otherClient(client: ImapFlow): OtherClient {
  const within = async (path: string, work: () => Promise<unknown>): Promise<void> => {
    const lock = await client.getMailboxLock(path);
    try {
      await work();
    } finally {
      lock.release();
    }
  };
  return {
    deliver: async (mime, { path = "INBOX", received } = {}) => {
      const appended = await client.append(path, mime, [], received);
      if (appended === false || appended.uid === undefined) throw new Error("no APPENDUID");
      return appended.uid;
    },
    flag: (path, number, { seen }) =>
      within(path, async () => {
        const [change, flags] = [{ uid: true }, ["\\Seen"]];
        if (seen) await client.messageFlagsAdd(String(number), flags, change);
        else await client.messageFlagsRemove(String(number), flags, change);
      }),
    expunge: (path, number) =>
      within(path, () => client.messageDelete(String(number), { uid: true })),
    move: (path, number, toPath) =>
      within(path, () => client.messageMove(String(number), toPath, { uid: true })),
  };
}

suite("IMAP on a real Dovecot", () => {
  let mail: MailServers;
  before(async () => {
    mail = await mailServers();
  });
  after(() => mail.stop());

  mailBackendContract("IMAP on Dovecot", async (): Promise<Subject> => {
    const user = mail.freshUser();
    const { host, port } = mail.imap;
    const backend = createImapBackend({ host, port, security: "plain" }, surroundings);
    const client = await mail.imapClient(user);
    return {
      backend,
      credential: credentialOf(user),
      other: otherClient(client),
      [Symbol.asyncDispose]: async () => {
        await backend[Symbol.asyncDispose]();
        await client.logout();
      },
    };
  });
});

mailBackendContract(
  "IMAP on a server in memory without QRESYNC",
  async (): Promise<Subject> => {
    const user = "user@example.test";
    const server = await poorImapServer(user, password);
    const where = { host: "127.0.0.1", port: server.port };
    const backend = createImapBackend({ ...where, security: "plain" }, surroundings);
    const client = new ImapFlow({
      ...where,
      secure: false,
      doSTARTTLS: false,
      auth: { user, pass: password },
      logger: false,
      disableCompression: true,
      disableAutoIdle: true,
    });
    client.on("error", silence);
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
  },
);
