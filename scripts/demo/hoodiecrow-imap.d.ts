/** The part of hoodiecrow-imap that the demo uses; the package has no types of its own. */
declare module "hoodiecrow-imap" {
  import type { EventEmitter } from "node:events";
  import type { Server } from "node:net";

  namespace hoodiecrow {
    interface Folder {
      readonly uidvalidity?: number;
      readonly HIGHESTMODSEQ?: number;
      readonly "special-use"?: string;
      readonly folders?: Readonly<Record<string, Folder>>;
    }

    /** An item of a FETCH; `partial` is the cut, offset and octets. */
    interface FetchItem {
      partial?: number[];
    }

    type FetchHandler = (connection: unknown, message: unknown, item: FetchItem) => unknown;

    /** What a plugin sees of the server. */
    interface FetchServer {
      readonly fetchHandlers: Record<string, FetchHandler>;
    }

    interface Options {
      readonly plugins: readonly (string | ((server: FetchServer) => void))[];
      readonly users: Readonly<Record<string, { readonly password: string }>>;
      readonly storage: Readonly<Record<string, Folder>>;
    }

    interface ImapServer extends EventEmitter {
      readonly server: Server;
      /** `raw` holds one octet in each character. */
      appendMessage(path: string, flags: readonly string[], date: Date, raw: string): unknown;
    }
  }

  function hoodiecrow(options: hoodiecrow.Options): hoodiecrow.ImapServer;
  export = hoodiecrow;
}

/** How each item of a FETCH is answered. */
declare module "hoodiecrow-imap/lib/commands/handlers/fetch.js" {
  import type { FetchHandler } from "hoodiecrow-imap";

  const handlers: Readonly<Record<"BODY" | "BODY.PEEK", FetchHandler>>;
  export = handlers;
}
