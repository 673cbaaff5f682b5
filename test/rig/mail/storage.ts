/** What administrators do to a mailbox behind everybody's back, as Dovecot stores it: nobody may have it open. */
import { execFile } from "node:child_process";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MailServers } from "./servers.ts";

const run = promisify(execFile);

/** Gives a folder another UIDVALIDITY, as after a repair of its index. */
export async function renumber(mail: MailServers, user: string, path: string): Promise<void> {
  const before = await epochOf(mail, user, path);
  const epoch = ["--uid-validity", String(before + 1n)];
  await doveadm(mail, "mailbox", "update", "-u", nameOf(user), ...epoch, path);
  const now = await epochOf(mail, user, path);
  if (now === before) throw new Error(`${path} still has the UIDVALIDITY ${now}`);
}

/** Makes mails of the INBOX such that Dovecot breaks off at them, as it does where a disk has lost them. */
export async function makeUnreadable(
  mail: MailServers,
  user: string,
  uids: readonly number[],
): Promise<void> {
  const folder = join(homeOf(mail, user), "sdbox", "mailboxes", "INBOX", "dbox-Mails");
  for (const uid of uids) {
    await rm(join(folder, `u.${uid}`));
    await mkdir(join(folder, `u.${uid}`));
  }
}

/** Copies all folders of a user, to be put back later. */
export async function saveMailbox(mail: MailServers, user: string): Promise<void> {
  await cp(homeOf(mail, user), savedOf(mail, user), { recursive: true, preserveTimestamps: true });
  await own(savedOf(mail, user));
}

/** Puts back what was saved: all marks and numbers are those of then. */
export async function putMailboxBack(mail: MailServers, user: string): Promise<void> {
  // Ends sessions that have the files of now open; exit code 68 says that there were none.
  await doveadm(mail, "kick", nameOf(user)).catch(() => undefined);
  await rm(homeOf(mail, user), { recursive: true });
  await cp(savedOf(mail, user), homeOf(mail, user), { recursive: true, preserveTimestamps: true });
  await own(homeOf(mail, user));
}

async function doveadm({ address }: MailServers, ...words: readonly string[]): Promise<void> {
  await run("doveadm", ["-c", join(address.folder, "dovecot.conf"), ...words]);
}

async function own(folder: string): Promise<void> {
  await run("chown", ["-R", "mail:mail", folder]);
}

function nameOf(user: string): string {
  return user.split("@")[0] ?? user;
}

function homeOf({ address }: MailServers, user: string): string {
  return join(address.folder, "home", nameOf(user));
}

function savedOf(mail: MailServers, user: string): string {
  return `${homeOf(mail, user)}.saved`;
}

async function epochOf(mail: MailServers, user: string, path: string): Promise<bigint> {
  const client = await mail.imapClient(user);
  try {
    const status = await client.status(path, { uidValidity: true });
    return (status !== false && status.uidValidity) || 0n;
  } finally {
    await client.logout();
  }
}
