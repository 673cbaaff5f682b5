/** Runs every dialog for each of the older versions that it names, over Dovecot. */
import { atLeast } from "../../schemas/version.ts";
import { mailServers } from "../rig/mail/servers.ts";
import { playDialogs } from "./suite.ts";

playDialogs({
  servers: mailServers,
  versions: (named) => named.filter((version) => !atLeast(version, "14.1")),
});
