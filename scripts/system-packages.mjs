/** The real servers that the tests run against, as Debian packages them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, geteuid, stderr } from "node:process";
import { give } from "./setup.mjs";

const wanted = [
  { name: "dovecot-imapd", file: "/usr/lib/dovecot/imap" },
  { name: "dovecot-lmtpd", file: "/usr/lib/dovecot/lmtp" },
  { name: "postfix", file: "/usr/sbin/postfix" },
  { name: "libwbxml2-utils", file: "/usr/bin/wbxml2xml" },
  { name: "cyrus-common", file: "/usr/lib/cyrus/bin/master" },
];

/** What is installed along with the others; a test that wants one of them is skipped without it. */
const alongside = [
  { name: "nginx", file: "/usr/sbin/nginx" },
  { name: "haproxy", file: "/usr/sbin/haproxy" },
];

/** Debian lets one IMAP server be installed: this one is only unpacked, of the version that cyrus-common has. */
const unpacked = {
  name: "cyrus-imapd",
  like: "cyrus-common",
  into: "/usr/local/lib/eastgate-tests/cyrus-imapd",
  file: "/usr/local/lib/eastgate-tests/cyrus-imapd/usr/lib/cyrus/bin/imapd",
};

/** Installs what is missing when that is possible here, else ends the program with one sentence. */
export function ensureSystemPackages() {
  const missing = missingOf(wanted);
  const isUnpacked = existsSync(unpacked.file);
  if (missing.length === 0 && isUnpacked) return;
  const names = [...missing, ...(isUnpacked ? [] : [unpacked.name])].join(" ");
  if (geteuid() !== 0 || !existsSync("/usr/bin/apt-get")) {
    give(`The tests need ${names}: "sudo npm test" installs them once, on Debian or Ubuntu.`);
  }
  stderr.write(`Installing ${names}.\n`);
  if (!run("apt-get", ["-qq", "update"])) give("apt-get has no lists: see its message above.");
  if (missing.length > 0) install(missing);
  for (const name of missingOf(alongside)) {
    if (!run("apt-get", [...installing, name])) stderr.write(`Without ${name}: see above.\n`);
  }
  if (!isUnpacked) unpack(unpacked);
}

function missingOf(packages) {
  return packages.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
}

const installing = ["-qq", "install", "--yes", "--no-install-recommends"];

const environment = {
  ...env,
  DEBIAN_FRONTEND: "noninteractive",
  RUNLEVEL: "1",
  SYSTEMD_OFFLINE: "1",
};

function run(command, args, { input, cwd } = {}) {
  const stdio = [input === undefined ? "ignore" : "pipe", "ignore", "inherit"];
  return spawnSync(command, args, { env: environment, input, cwd, stdio }).status === 0;
}

/** Installed, but not started, and Postfix without a configuration of the machine's own mail. */
function install(names) {
  const input = "postfix postfix/main_mailer_type select No configuration\n";
  run("debconf-set-selections", [], { input });
  if (run("apt-get", [...installing, ...names])) return;
  give(`apt-get could not install ${names.join(" ")}: see its message above.`);
}

/** Takes the files of a package that cannot be installed beside the others. */
function unpack({ name, like, into }) {
  const cwd = mkdtempSync(join(tmpdir(), "eastgate-package-"));
  const query = ["-W", "-f", "${Version}", like];
  const version = spawnSync("dpkg-query", query, { encoding: "utf8" }).stdout;
  mkdirSync(into, { recursive: true });
  const options = ["-qq", "-o", "APT::Sandbox::User=root", "download"];
  const isDone =
    run("apt-get", [...options, `${name}=${version}`], { cwd }) &&
    run("dpkg-deb", ["-x", readdirSync(cwd)[0], into], { cwd });
  rmSync(cwd, { recursive: true });
  if (!isDone) give(`apt-get could not download ${name} ${version}: see its message above.`);
}
