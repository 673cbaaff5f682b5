/** The gateway's side of a test: an IMAP backend and a lease on a mailbox. */
import type { Credential, MailBackend, MailSession } from "../../../src/backend.ts";
import { createImapBackend } from "../../../src/backends/imap/backend.ts";
import type { ImapServer } from "../../../src/backends/imap/server.ts";
import { type Clock, systemClock } from "../../../src/kit/clock.ts";
import { password } from "./servers.ts";
import { quiet } from "../quiet-log.ts";

/** What a test may want otherwise of the backend. */
export interface BackendOptions extends Partial<ImapServer> {
  readonly clock?: Clock;
}

/** An IMAP backend on a port of this machine, in the clear. */
export function imapBackend(
  port: number,
  { clock = systemClock, ...server }: BackendOptions = {},
): MailBackend {
  const place = { host: "127.0.0.1", port, security: "plain", verifyCertificate: true } as const;
  return createImapBackend({ ...place, ...server }, { clock, log: quiet });
}

/** The credential of a user of the rig. */
export function credentialOf(user: string, word = password): Credential {
  const fingerprint = `${user} ${word}`;
  return { login: user, password: word, fingerprint, clientAddress: "203.0.113.7" };
}

/** A backend of its own and one lease on a user's mailbox. */
export interface Leased extends AsyncDisposable {
  readonly backend: MailBackend;
  readonly session: MailSession;
}

/** Leases a user's mailbox. */
export async function leaseMailbox(
  port: number,
  user: string,
  options: BackendOptions = {},
): Promise<Leased> {
  const backend = imapBackend(port, options);
  const signal = new AbortController().signal;
  const session = await backend.open(user, credentialOf(user), signal);
  const end = async (): Promise<void> => {
    await session[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  };
  return { backend, session, [Symbol.asyncDispose]: end };
}
