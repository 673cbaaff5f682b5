import type { ImapFlowOptions } from "imapflow";
import { connectTimeoutMs } from "./limits.ts";

/** How to reach an IMAP server. */
export interface ImapServer {
  readonly host: string;
  readonly port: number;
  /** "plain" only on loopback; config.ts checks that. */
  readonly security: "tls" | "starttls" | "plain";
  /** False: any certificate will do. True by default. */
  readonly verifyCertificate?: boolean | undefined;
  /** Certificates (PEM) to trust beside the system's. */
  readonly ca?: string | undefined;
  /** Connections per account and process, half of them (at most 3) for watching. */
  readonly connectionsPerAccount?: number | undefined;
  readonly loginsInFlight?: number | undefined;
  /** Capabilities that the server lists but does not keep, such as QRESYNC; they are not used. */
  readonly withoutCapabilities?: readonly string[] | undefined;
  /** Searches look into the server's full-text index alone (RFC 6203); false by default. */
  readonly fuzzySearch?: boolean | undefined;
  /** Tells the server the device's address before LOGIN (ID x-originating-ip); true by default. */
  readonly sendOriginatingIp?: boolean | undefined;
}

/** What every connection to a server has in common. */
export function connectionOptions(server: ImapServer): ImapFlowOptions {
  return {
    host: server.host,
    port: server.port,
    secure: server.security === "tls",
    doSTARTTLS: server.security === "starttls",
    tls: {
      rejectUnauthorized: server.verifyCertificate !== false,
      ...(server.ca === undefined ? {} : { ca: server.ca }),
    },
    logger: false,
    disableCompression: true,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
  };
}
