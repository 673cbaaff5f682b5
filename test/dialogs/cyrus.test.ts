/** Runs every dialog once, for its newest version, over Cyrus. */
import { startCyrusServers } from "../rig/mail/cyrus-servers.ts";
import { playDialogs } from "./suite.ts";

playDialogs({
  servers: startCyrusServers,
  versions: (named) => named.slice(-1),
  lacks: {
    "new-epoch": "what renumbers a folder is Dovecot's tool",
    "went-back": "what is put back are Dovecot's files",
    "folder-names": "parents are folders of their own with mail, which is another dialog",
  },
});
