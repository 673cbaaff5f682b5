/** The server of poor-imap.ts on a thread of its own: its IDLE leaves timers that run for half an hour. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import hoodiecrow from "hoodiecrow-imap";
import { steadyCuts } from "../../../scripts/demo/steady-cuts.ts";

const { user, password } = workerData as { readonly user: string; readonly password: string };

const plugins =
  "ENABLE CONDSTORE ID IDLE AUTH-PLAIN SASL-IR LITERALPLUS NAMESPACE SPECIAL-USE UNSELECT UIDPLUS MOVE";

const folder = { uidvalidity: 1, HIGHESTMODSEQ: 1 };

const imap = hoodiecrow({
  plugins: [...plugins.split(" "), steadyCuts],
  users: { [user]: { password } },
  storage: {
    INBOX: folder,
    "": {
      folders: {
        Drafts: { ...folder, "special-use": "\\Drafts" },
        Sent: { ...folder, "special-use": "\\Sent" },
        Trash: { ...folder, "special-use": "\\Trash" },
      },
    },
  },
});
imap.setMaxListeners(0);
// It writes in small pieces, which would wait 40 ms for each other.
imap.server.on("connection", (socket: Socket) => socket.setNoDelay(true));
imap.server.listen(0, "127.0.0.1");
await once(imap.server, "listening");
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
parentPort?.postMessage((imap.server.address() as AddressInfo).port);
