import { mailServers } from "../rig/mail/servers.ts";
import { wholeMailbox } from "./whole-mailbox.ts";

wholeMailbox("Dovecot", mailServers);
