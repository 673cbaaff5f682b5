/** Opens mailboxes: one for each request, on the backend of the account's mail domain. */
import type { Credential, MailBackend, MailSession, MailTransport } from "../backend.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../store/sql.ts";
import { memorySpool, type Spool } from "../kit/spool.ts";
import { AliasBook, OpenEdits } from "./alias-book.ts";
import { AccountMailbox } from "./account-mailbox.ts";
import type { Keep } from "./answering.ts";
import { Drafts } from "./drafts.ts";
import { Filing } from "./filing.ts";
import { FolderChanges } from "./folder-changes.ts";
import { Folders } from "./folders.ts";
import { Hints } from "./hints.ts";
import type { Checkpoint } from "./intent-hold.ts";
import { Lease } from "./lease.ts";
import type { Mailbox } from "./mailbox.ts";
import { Mover } from "./move.ts";
import { PendingFilings } from "./pending-filings.ts";
import { Sender } from "./send.ts";

/** The servers of one mail domain. */
export interface DomainBackend {
  readonly mail: MailBackend;
  readonly transport: MailTransport;
}

/** What mailboxes are made from. */
export interface MailboxesSource {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** The servers of a mail domain by its name in the configuration; throws for an unknown one. */
  backendOf(domain: string): DomainBackend;
  readonly checkpoint?: Checkpoint;
}

/** Whose mailbox is opened. */
export interface MailboxAccount {
  /** Row id. */
  readonly id: string;
  /** Name of the mail domain in the configuration. */
  readonly domain: string;
  /** Primary mail address: the sender of what the account sends. */
  readonly email: string;
  /** All addresses that it may send with; the primary one alone when left out. */
  readonly addresses?: readonly string[];
}

/** Whose request it is, the credential that it came with, and its end. */
export interface MailboxRequest {
  /** Row id of the device: what it asks for again is done once. */
  readonly deviceId: string;
  readonly credential: Credential;
  readonly signal: AbortSignal;
  /** Room for what is too large for memory; without it all is held. */
  readonly spool?: Spool;
  /** The request's log; the gateway's when left out. */
  readonly log?: Log;
}

/** The mailboxes of all accounts in this process. */
export interface Mailboxes extends AsyncDisposable {
  /**
   * The mailbox of an account for one request, to be disposed of at its end. Opens no connection by itself:
   * LoginRefused and BackendUnavailable come with the first use of the server.
   */
  open(account: MailboxAccount, request: MailboxRequest): Promise<Mailbox>;
}

/** Mailboxes over a store and the backends of the mail domains. */
export function createMailboxes(source: MailboxesSource): Mailboxes {
  const pending = new PendingFilings(source.database);
  const hints = new Hints(source.database, pending, source.log);
  const edits = new OpenEdits();
  return {
    open: async (account, request) => {
      await hints.start();
      const mayFile = await pending.has(account.id);
      return openMailbox({ ...source, pending, hints, edits, mayFile }, account, request);
    },
    [Symbol.asyncDispose]: async () => await hints[Symbol.asyncDispose](),
  };
}

interface Shared extends MailboxesSource {
  readonly pending: PendingFilings;
  readonly hints: Hints;
  readonly edits: OpenEdits;
  /** Copies of sent mail of this account may wait for being filed. */
  readonly mayFile: boolean;
}

function openMailbox(shared: Shared, account: MailboxAccount, request: MailboxRequest): Mailbox {
  const { database, clock, pending, hints, checkpoint = () => {} } = shared;
  const { deviceId, credential, signal, log = shared.log } = request;
  const { mail, transport } = shared.backendOf(account.domain);
  const accountId = account.id;
  const lease = new Lease(async () => await mail.open(accountId, credential, signal));
  const opening = { filed: !shared.mayFile };
  const session = async (): Promise<MailSession> => {
    const opened = await lease.session();
    if (!opening.filed) {
      opening.filed = true;
      await filing.filePending();
    }
    return opened;
  };
  const folders = new Folders({ database, accountId, log, session });
  const base = { database, clock, log, checkpoint };
  const filing = new Filing({ ...base, accountId, folders, pending });
  const sender = new Sender({ ...base, account, credential, transport, filing });
  const watching = { accountId, clock, log, folders, hints, session };
  const changes = new FolderChanges({ database, clock, accountId, folders, session });
  const mover = new Mover({ ...base, accountId, deviceId, signal });
  const addresses = account.addresses ?? [account.email];
  const { spool = memorySpool } = request;
  const keep: Keep = (octets) => spool.keep(octets);
  const { edits } = shared;
  const aliases = new AliasBook({ database, clock, accountId, signal, edits });
  const drafts = new Drafts({ ...base, account, folders, aliases, edits, keep, sender });
  const known = { database, clock, log, signal, lease, folders, aliases, watching, addresses };
  const parts = { ...known, changes, drafts, sender, mover, keep };
  return new AccountMailbox(accountId, parts);
}
