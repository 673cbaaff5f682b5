/** What IMAP and SMTP servers can do, and what works less well for what they can't. */
import type { Finding } from "./finding.ts";

interface Wanted {
  readonly name: string;
  readonly level: "warn" | "fail";
  readonly without: string;
}

/** Told before login by any server. */
const imapBefore: readonly Wanted[] = [
  {
    name: "IMAP4REV1",
    level: "fail",
    without: "it does not speak IMAP4rev1",
  },
  {
    name: "ID",
    level: "warn",
    without:
      "devices' addresses cannot be told (x-originating-ip), so one old password may slow all logins",
  },
];

/** Told after login. */
const imapAfter: readonly Wanted[] = [
  { name: "IDLE", level: "warn", without: "new mail is noticed only once a minute" },
  {
    name: "CONDSTORE",
    level: "warn",
    without:
      "flags that other clients change are compared mail by mail, older ones every 15 minutes",
  },
  { name: "QRESYNC", level: "warn", without: "what other clients delete is found by searching" },
  { name: "UIDPLUS", level: "warn", without: "a delete takes along what others marked as deleted" },
  { name: "MOVE", level: "warn", without: "a move is a copy and a delete" },
  {
    name: "SPECIAL-USE",
    level: "warn",
    without: "Drafts, Sent and Trash are found by their names",
  },
  {
    name: "LIST-STATUS",
    level: "warn",
    without: "the folder list costs a command for each folder",
  },
];

/** Judges an IMAP server; `signedIn`: the capabilities are those after login. */
export function judgeImap(
  subject: string,
  capabilities: readonly string[],
  signedIn: boolean,
): readonly Finding[] {
  const missing = lacking(
    subject,
    capabilities,
    signedIn ? [...imapBefore, ...imapAfter] : imapBefore,
  );
  const shown = signedIn
    ? `signed in; offers ${capabilities.join(" ")}`
    : "answers; what it can is told after login: give --login ADDRESS";
  return [{ level: "ok", subject, text: shown }, ...missing];
}

/** Judges a submission server by what it told at EHLO. */
export function judgeSmtp(
  subject: string,
  capabilities: readonly string[],
  authenticate: boolean,
): readonly Finding[] {
  const wanted: Wanted[] = [
    {
      name: "SIZE",
      level: "warn",
      without: "a mail that is too large is refused only when it was sent",
    },
    { name: "8BITMIME", level: "warn", without: "mails with 8-bit text may be refused" },
  ];
  if (authenticate) {
    wanted.push({
      name: "AUTH",
      level: "fail",
      without:
        "users cannot sign in: set smtp.authenticate = false if it trusts this machine, or the right port",
    });
  }
  const missing = lacking(subject, capabilities, wanted);
  return [{ level: "ok", subject, text: `answers; offers ${capabilities.join(" ")}` }, ...missing];
}

function lacking(
  subject: string,
  capabilities: readonly string[],
  wanted: readonly Wanted[],
): readonly Finding[] {
  const names = new Set(capabilities.map((each) => each.toUpperCase().split(/[ =]/, 1)[0]));
  return wanted
    .filter(({ name }) => !names.has(name))
    .map(({ name, level, without }) => ({ level, subject, text: `has no ${name}: ${without}` }));
}
