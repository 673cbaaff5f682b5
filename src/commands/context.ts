/** What a command handler gets beside its request: small, typed, no globals. */
import type { CommandName, RequestOf, ResponseOf } from "../../schemas/commands.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { CertificateChecker } from "../certificates/checker.ts";
import type { Device, Devices } from "../devices/devices.ts";
import type { OutOfOffice } from "../devices/out-of-office.ts";
import type { Recovery } from "../devices/recovery.ts";
import type { HtmlCare } from "../items/email/safe-html.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Octets } from "../kit/octets.ts";
import type { Spool } from "../kit/spool.ts";
import type { Mailbox } from "../mailbox/mailbox.ts";
import type { Push } from "../push/push.ts";
import type { SyncStates } from "../sync/types.ts";

/** Whose mailbox it is. */
export interface Account {
  /** Row id. */
  readonly id: string;
  /** Name of the mail domain in the configuration. */
  readonly domain: string;
  /** Canonical login name. */
  readonly login: string;
  /** Primary mail address. */
  readonly email: string;
  readonly displayName: string;
  /** All addresses, the primary one first. */
  readonly addresses: readonly string[];
}

/** Parameters of the query (MS-ASHTTP 2.2.1.1.1.2.5) and headers that commands read. */
export interface RequestParameters {
  readonly attachmentName?: string | undefined;
  readonly collectionId?: string | undefined;
  readonly itemId?: string | undefined;
  readonly longId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly occurrence?: string | undefined;
  /** SaveInSent=T, of messages that come as message/rfc822. */
  readonly saveInSent: boolean;
  /** MS-ASAcceptMultiPart: T. */
  readonly acceptMultiPart: boolean;
  /** The device's address, as far as trusted proxies told it. */
  readonly clientAddress: string;
}

/** An entry of the address list. */
export interface Person {
  readonly displayName: string;
  readonly alias: string;
  readonly email: string;
}

/** The address list of the user's mail domain. */
export interface Directory {
  /** Entries by name whose words or address begin so, and how many there are in all. */
  find(
    domain: string,
    text: string,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly people: readonly Person[]; readonly total: number }>;
}

/** Everything that a request may use. */
export interface Context {
  readonly account: Account;
  readonly device: Device;
  readonly devices: Devices;
  readonly outOfOffice: Pick<OutOfOffice, "get" | "change">;
  readonly recovery: Pick<Recovery, "put">;
  readonly version: ProtocolVersion;
  readonly parameters: RequestParameters;
  /** How HTML of mails goes to devices. */
  readonly htmlCare: HtmlCare;
  readonly directory: Directory;
  readonly certificates: Pick<CertificateChecker, "check">;
  readonly mailbox: Mailbox;
  readonly sync: SyncStates;
  readonly push: Push;
  readonly clock: Clock;
  readonly log: Log;
  /** Room for what is too large for memory, until the request has ended. */
  readonly spool: Spool;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
}

/** An answer that is no WBXML: an attachment up to 12.1. */
export class RawAnswer {
  readonly contentType: string;
  readonly bytes: Buffer | Octets;
  constructor(contentType: string, bytes: Buffer | Octets) {
    this.contentType = contentType;
    this.bytes = bytes;
  }
}

/** An answer with parts beside it: application/vnd.ms-sync.multipart (MS-ASCMD 2.2.1.10.1). */
export class MultipartAnswer<Response = unknown> {
  readonly response: Response;
  /** Part 1 and following; part 0 is the response itself. */
  readonly parts: readonly (Buffer | Octets)[];
  constructor(response: Response, parts: readonly (Buffer | Octets)[]) {
    this.response = response;
    this.parts = parts;
  }
}

/** What a handler may answer; undefined is the empty body. */
export type AnswerOf<Name extends CommandName> =
  ResponseOf<Name> | MultipartAnswer<ResponseOf<Name>> | RawAnswer | undefined;

/** A command: from a typed request (undefined: the body was empty) to a typed answer. Throws StatusError. */
export type Handler<Name extends CommandName> = (
  request: RequestOf<Name> | undefined,
  context: Context,
) => Promise<AnswerOf<Name>>;

/** Handlers of commands by name. */
export type Handlers = { readonly [Name in CommandName]?: Handler<Name> };
