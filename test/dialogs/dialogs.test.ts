/** Runs every dialog for every version that it names, over Dovecot. */
import { mailServers } from "../rig/mail/servers.ts";
import { playDialogs } from "./suite.ts";

playDialogs({ servers: mailServers });
