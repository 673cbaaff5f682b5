/** The mailboxes of the demo, in memory, and a submission server that delivers between them. */
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import type { AddressInfo } from "node:net";
import hoodiecrow, { type ImapServer } from "hoodiecrow-imap";
import { SMTPServer } from "smtp-server";
import { steadyCuts } from "./steady-cuts.ts";

/** Somebody who has a mailbox in the demo. */
export interface User {
  readonly name: string;
  /** A mail domain of each user's own, since an in-memory IMAP server has one mailbox. */
  readonly domain: string;
  readonly address: string;
}

/** The mailbox of one user, on an IMAP server of its own. */
export interface Mailbox extends AsyncDisposable {
  readonly user: User;
  readonly imapPort: number;
  /** Puts a mail into a folder, as a delivery agent would. */
  deliver(mime: Buffer, where?: { path: string; flags: readonly string[]; date: Date }): void;
}

/** Both users know the same password: there is nothing to protect. */
export const password = "eastgate";

const loopback = "127.0.0.1";

const plugins = [
  "ENABLE",
  "CONDSTORE",
  "ID",
  "IDLE",
  "AUTH-PLAIN",
  "SASL-IR",
  "LITERALPLUS",
  "NAMESPACE",
  "SPECIAL-USE",
  "UNSELECT",
  "UIDPLUS",
  "MOVE",
  steadyCuts,
];

/** The server forgets everything when it ends, so each start is an epoch of its own. */
function folders(uidvalidity: number) {
  // Without a mark to begin with, the server leaves it out of the STATUS of an empty folder.
  const folder = (use?: string) => ({
    uidvalidity,
    HIGHESTMODSEQ: 1,
    ...(use === undefined ? {} : { "special-use": use }),
  });
  return {
    INBOX: folder(),
    "": {
      folders: {
        Drafts: folder("\\Drafts"),
        Sent: folder("\\Sent"),
        Trash: folder("\\Trash"),
        Archive: { ...folder(), folders: { "2026": folder() } },
      },
    },
  };
}

/** Starts the mailbox of a user on a free port of the loopback address. */
export async function openMailbox(user: User, startedAt: Date): Promise<Mailbox> {
  const imap: ImapServer = hoodiecrow({
    plugins,
    users: { [user.address]: { password } },
    storage: folders(Math.floor(startedAt.getTime() / 1_000)),
  });
  // Each connection listens for news.
  imap.setMaxListeners(0);
  const sockets = trackSockets(imap.server);
  imap.server.listen(0, loopback);
  await once(imap.server, "listening");
  return {
    user,
    imapPort: portOf(imap.server),
    deliver(mime, where = { path: "INBOX", flags: [], date: new Date() }) {
      imap.appendMessage(where.path, where.flags, where.date, mime.toString("binary"));
    },
    async [Symbol.asyncDispose]() {
      imap.server.close();
      for (const socket of sockets) socket.destroy();
      await once(imap.server, "close");
    },
  };
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** The submission server of the demo. */
export interface Submission extends AsyncDisposable {
  readonly smtpPort: number;
}

/** Takes mail from the demo's users, for the demo's users. */
export async function openSubmission(mailboxes: readonly Mailbox[]): Promise<Submission> {
  const find = (address: string): Mailbox | undefined =>
    mailboxes.find(({ user }) => user.address === address.toLowerCase());
  const smtp = new SMTPServer({
    banner: "Eastgate demo",
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: 50 * 1_048_576,
    onAuth({ username, password: given }, _session, done) {
      const known = find(username ?? "") !== undefined && given === password;
      done(known ? null : new Error("Unknown user or password"), { user: username });
    },
    onRcptTo({ address }, _session, done) {
      done(find(address) === undefined ? refusal(address) : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        for (const { address } of session.envelope.rcptTo)
          find(address)?.deliver(Buffer.concat(chunks));
        done();
      });
    },
  });
  smtp.listen(0, loopback);
  await once(smtp.server, "listening");
  return {
    smtpPort: portOf(smtp.server),
    [Symbol.asyncDispose]: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

function refusal(address: string): Error {
  const error = new Error(`<${address}> is nobody in this demo`);
  return Object.assign(error, { responseCode: 550 });
}
