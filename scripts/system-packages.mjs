/** The real servers that the tests run against, as Debian packages them. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { env, geteuid, stderr } from "node:process";
import { give } from "./setup.mjs";

const wanted = [
  { name: "dovecot-imapd", file: "/usr/lib/dovecot/imap" },
  { name: "dovecot-lmtpd", file: "/usr/lib/dovecot/lmtp" },
  { name: "postfix", file: "/usr/sbin/postfix" },
  { name: "libwbxml2-utils", file: "/usr/bin/wbxml2xml" },
];

/** Installs what is missing when that is possible here, else ends the program with one sentence. */
export function ensureSystemPackages() {
  const missing = wanted.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
  if (missing.length === 0) return;
  const names = missing.join(" ");
  if (geteuid() !== 0 || !existsSync("/usr/bin/apt-get")) {
    give(
      `The tests need ${names}: install them, on Debian or Ubuntu by "sudo apt-get install ${names}", and start again.`,
    );
  }
  stderr.write(`Installing ${names}.\n`);
  install(missing);
}

/** Installed, but not started, and Postfix without a configuration of the machine's own mail. */
function install(names) {
  const environment = {
    ...env,
    DEBIAN_FRONTEND: "noninteractive",
    RUNLEVEL: "1",
    SYSTEMD_OFFLINE: "1",
  };
  const run = (command, args, input) =>
    spawnSync(command, args, {
      env: environment,
      input,
      stdio: [input === undefined ? "ignore" : "pipe", "ignore", "inherit"],
    }).status === 0;
  run("debconf-set-selections", [], "postfix postfix/main_mailer_type select No configuration\n");
  const done =
    run("apt-get", ["-qq", "update"]) &&
    run("apt-get", ["-qq", "install", "--yes", "--no-install-recommends", ...names]);
  if (!done) give(`apt-get could not install ${names.join(" ")}: see its message above.`);
}
