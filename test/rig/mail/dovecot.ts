/** Configuration of the rig's Dovecot: real logins, TLS, delivery, quota and hibernation, on loopback. */

/** Where the daemons of one rig listen. */
export interface MailPorts {
  readonly imap: number;
  readonly imaps: number;
  readonly lmtp: number;
  readonly auth: number;
  readonly submission: number;
  readonly submissions: number;
}

/** What a test may want otherwise. */
export interface DovecotOptions {
  /** Seconds until an idle connection hibernates; 0: never. */
  readonly hibernateSeconds?: number;
  /** Whether the gateway's address is trusted to tell the client's (x-originating-ip). */
  readonly trustGateway?: boolean;
  /** mail_max_userip_connections. */
  readonly connectionsPerUser?: number;
  /** The server's own time zone. */
  readonly timeZone?: string;
  /** Whether refused logins delay their address, as Dovecot does by default: 2 s, then up to 15 s. */
  readonly authPenalty?: boolean;
  /** Where Postfix delivers, if not here: the LMTP port of another server. */
  readonly deliverTo?: number;
}

/** Octets that a user whose name begins with "full" may store. */
const smallQuotaBytes = 20_000;

const specialFolders = ["Drafts", "Sent", "Trash", "Junk", "Archive"]
  .map((name) => `  mailbox ${name} {\n    auto = subscribe\n    special_use = \\${name}\n  }`)
  .join("\n");

/** The text of dovecot.conf for a folder of its own. */
export function dovecotConf(folder: string, ports: MailPorts, options: DovecotOptions): string {
  return `${general(folder, options)}${storage(folder)}${logins(folder, options)}${services(ports, options)}`;
}

function general(folder: string, options: DovecotOptions): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = eastgate-rig
log_path = ${folder}/log/dovecot.log
log_timestamp = "%Y-%m-%d %H:%M:%S "
listen = 127.0.0.1
protocols = imap lmtp
first_valid_uid = 1
default_client_limit = 12000
default_process_limit = 400
default_vsz_limit = 1G
login_trusted_networks = ${options.trustGateway === false ? "" : "127.0.0.1"}
shutdown_clients = yes
postmaster_address = postmaster@example.test
hostname = mail.example.test
mail_max_userip_connections = ${options.connectionsPerUser ?? 1000}
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
mail_plugins = quota
protocol imap {
  mail_plugins = $mail_plugins imap_quota
  imap_metadata = yes
  imap_hibernate_timeout = ${options.hibernateSeconds ?? 5}s
  imap_id_log = *
  imap_max_line_length = 2M
}
`;
}

/** Where inotify has no more room (128 instances by default), IDLE looks every second. */
function storage(folder: string): string {
  return `
mail_uid = mail
mail_gid = mail
mail_home = ${folder}/home/%Ln
mail_location = sdbox:~/sdbox
mail_fsync = never
mailbox_list_index = yes
mailbox_idle_check_interval = 1s
namespace inbox {
  inbox = yes
  type = private
  separator = /
${specialFolders}
}
namespace public {
  type = public
  separator = /
  prefix = Public/
  location = sdbox:~/public
  list = children
  subscriptions = no
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:bytes=%{if;%Ln;*;full*;${smallQuotaBytes};0}
  quota_max_mail_size = 100M
}
`;
}

/** Anybody may come in with "secret"; names that begin with "own" have a password each, from a file. */
function logins(folder: string, options: DovecotOptions): string {
  return `
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Ln
auth_verbose = yes
auth_failure_delay = ${options.authPenalty === true ? 2 : 0} secs
passdb {
  driver = passwd-file
  username_filter = own*
  args = scheme=PLAIN username_format=%Ln ${folder}/users
  result_failure = return-fail
}
passdb {
  driver = static
  username_filter = !own*
  args = password=secret
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${folder}/home/%Ln allow_all_users=yes
}
`;
}

function services(ports: MailPorts, options: DovecotOptions): string {
  return `
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = ${ports.imap}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${ports.imaps}
    ssl = yes
  }
  service_count = 0
  client_limit = 6000
  process_min_avail = 1
  process_limit = 4
}
service imap {
  process_limit = 3000
  extra_groups = $default_internal_group
  unix_listener imap-master {
    user = $default_internal_user
  }
}
service imap-hibernate {
  client_limit = 8000
  unix_listener imap-hibernate {
    mode = 0660
    group = $default_internal_group
  }
}
service lmtp {
  process_limit = 32
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.lmtp}
  }
}
service auth {
  client_limit = 16000
  inet_listener {
    address = 127.0.0.1
    port = ${ports.auth}
  }
}
service anvil {
  client_limit = 16000
  unix_listener anvil-auth-penalty {
    mode = ${options.authPenalty === true ? "0600" : "0"}
  }
}
service stats {
  client_limit = 12000
}
`;
}
