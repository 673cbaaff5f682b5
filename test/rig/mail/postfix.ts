/** Configuration of the rig's Postfix: submission with logins, delivery into the rig's Dovecot, nothing outside. */
import type { MailPorts } from "./dovecot.ts";

/** Octets of the largest mail that the rig's Postfix takes. */
export const messageSizeLimitBytes = 80_000_000;

/** The text of main.cf. */
export function mainCf(folder: string, lmtp: number, auth: number): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/postfix/spool
data_directory = ${folder}/postfix/lib
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${folder}/log/postfix.log
maillog_file_prefixes = ${folder}, /var
syslog_name = eastgate-rig
myhostname = mail.example.test
mydomain = example.test
myorigin = example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
biff = no
append_dot_mydomain = no
alias_maps =
alias_database =
local_recipient_maps =
message_size_limit = ${messageSizeLimitBytes}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:${lmtp}
default_transport = discard
relay_transport = discard
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${auth}
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = ${folder}/cert.pem
smtpd_tls_key_file = ${folder}/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = no
smtpd_delay_reject = no
smtpd_sender_restrictions = check_sender_access regexp:${folder}/postfix/etc/senders
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access regexp:${folder}/postfix/etc/recipients, permit_sasl_authenticated, reject
header_checks = regexp:${folder}/postfix/etc/headers
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
in_flow_delay = 0
default_process_limit = 50
`;
}

/** What the rig's Postfix refuses, by the beginning of the address or subject. */
export const accessTables: Readonly<Record<string, string>> = {
  senders: "/^refused/ REJECT this sender may not send\n",
  recipients: "/^refused/ REJECT no such user\n/^full-/ 452 4.2.2 mailbox full\n",
  headers: "/^Subject: refused/ REJECT this content is not taken\n",
};

/** The text of master.cf. */
export function masterCf(ports: MailPorts): string {
  return `${[
    `127.0.0.1:${ports.submission} inet n - n - - smtpd`,
    `127.0.0.1:${ports.submissions} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes`,
    "pickup unix n - n 60 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    unix("tlsmgr", "1000?", "1"),
    unix("rewrite", "-", "-", "trivial-rewrite"),
    unix("bounce", "-", "0"),
    unix("defer", "-", "0", "bounce"),
    unix("trace", "-", "0", "bounce"),
    unix("verify", "-", "1"),
    unix("proxymap", "-", "-"),
    unix("proxywrite", "-", "1", "proxymap"),
    unix("smtp", "-", "-"),
    unix("relay", "-", "-", "smtp"),
    unix("error", "-", "-"),
    unix("retry", "-", "-", "error"),
    unix("discard", "-", "-"),
    unix("lmtp", "-", "-"),
    unix("anvil", "-", "1"),
    unix("scache", "-", "1"),
    "flush unix n - n 1000? 0 flush",
    "showq unix n - n - - showq",
    "postlog unix-dgram n - n - 1 postlogd",
  ].join("\n")}\n`;
}

function unix(name: string, wakeup: string, limit: string, command = name): string {
  return `${name} unix - - n ${wakeup} ${limit} ${command}`;
}
