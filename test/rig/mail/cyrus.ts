/** Configuration of the rig's Cyrus IMAP: real logins, TLS, delivery and IDLE, on loopback. */

/** Where Debian's packages have the programs; cyrus-imapd itself is only unpacked, as it excludes dovecot-imapd. */
export const cyrusPrograms = "/usr/lib/cyrus/bin";
export const unpackedPrograms = "/usr/local/lib/eastgate-tests/cyrus-imapd/usr/lib/cyrus/bin";

/** Where the services of one rig listen. */
export interface CyrusPorts {
  readonly imap: number;
  readonly imaps: number;
  readonly lmtp: number;
}

/** What a test may want otherwise. */
export interface CyrusOptions {
  /** Debian's own settings: personal folders below INBOX, with a dot between names; else at the top, with a slash. */
  readonly belowInbox?: boolean;
}

/** Folders that every user gets at first sight, with their use where it has a name (RFC 6154). */
const ownFolders = ["Drafts", "Sent", "Trash", "Junk"];

/** The text of imapd.conf. */
export function imapdConf(folder: string, options: CyrusOptions): string {
  const atTheTop = options.belowInbox === true ? "no" : "yes";
  return `
configdirectory: ${folder}/config
defaultpartition: default
partition-default: ${folder}/spool
proc_path: ${folder}/run/proc
mboxname_lockpath: ${folder}/run/lock
idlesocket: ${folder}/run/idle
lmtpsocket: ${folder}/run/lmtp
notifysocket: ${folder}/run/notify
servername: mail.example.test
admins: admin
virtdomains: userid
defaultdomain: example.test
altnamespace: ${atTheTop}
unixhierarchysep: ${atTheTop}
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: ${folder}/logins
tls_server_cert: ${folder}/cert.pem
tls_server_key: ${folder}/key.pem
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: ${ownFolders.join(" | ")}
${ownFolders.map((name) => `xlist-${name.toLowerCase()}: ${name}`).join("\n")}
lmtp_downcase_rcpt: yes
skiplist_unsafe: yes
syslog_prefix: eastgate-rig
`;
}

/** The text of cyrus.conf. */
export function cyrusConf(folder: string, ports: CyrusPorts): string {
  const settings = `-C ${folder}/imapd.conf`;
  return `
START {
  recover cmd="${cyrusPrograms}/ctl_cyrusdb ${settings} -r"
}
SERVICES {
  imap cmd="${unpackedPrograms}/imapd ${settings}" listen="127.0.0.1:${ports.imap}" prefork=2 maxchild=400
  imaps cmd="${unpackedPrograms}/imapd ${settings} -s" listen="127.0.0.1:${ports.imaps}" prefork=2 maxchild=400
  lmtp cmd="${cyrusPrograms}/lmtpd ${settings} -a" listen="127.0.0.1:${ports.lmtp}" prefork=1 maxchild=20
}
DAEMON {
  idled cmd="${unpackedPrograms}/idled ${settings}"
}
`;
}
