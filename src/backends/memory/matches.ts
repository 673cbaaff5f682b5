/** Whether a mail in memory fits a search. */
import type { FolderHits } from "../../backend.ts";
import { partsOf } from "../../items/email/body-parts.ts";
import { decodedText, readHeader } from "../../items/email/header.ts";
import type { Address } from "../../items/email/message.ts";
import { textOf } from "../../items/email/rendition.ts";
import type { Condition, MailQuery, TextField } from "../../items/search/condition.ts";
import { dayOf } from "../../kit/clock.ts";
import type { StoredFolder, StoredMail } from "./mailbox.ts";

/** The mails of a folder that fit, the newest first. */
export function findMails(folder: StoredFolder, query: MailQuery, limit: number): FolderHits {
  const found = [...folder.mails.values()].filter((mail) => fits(mail, query));
  const hits = found
    .toSorted((a, b) => b.received.getTime() - a.received.getTime() || b.number - a.number)
    .slice(0, limit)
    .map(({ number, received }) => ({ number, received }));
  return { epoch: folder.epoch, hits, total: found.length };
}

function fits(mail: StoredMail, query: MailQuery): boolean {
  const { condition, receivedAfter, receivedBefore } = query;
  if (receivedAfter !== undefined && mail.received <= receivedAfter) return false;
  if (receivedBefore !== undefined && mail.received >= receivedBefore) return false;
  return matches(mail, condition);
}

function matches(mail: StoredMail, condition: Condition): boolean {
  switch (condition.kind) {
    case "all":
      return condition.of.every((each) => matches(mail, each));
    case "any":
      return condition.of.some((each) => matches(mail, each));
    case "not":
      return !matches(mail, condition.of);
    case "text":
      return has(textIn(mail, condition.field), condition.text);
    case "header":
      return headerValues(mail, condition.name).some((value) => has(value, condition.text));
    case "flag":
      return isFlagged(mail, condition.flag) === condition.is;
    case "category":
      return mail.flags.categories.includes(condition.name);
    case "attachments":
      return mail.message.structure.subtype === "mixed";
    case "size":
      return isWithin(mail.mime.length, (condition.moreThan ?? -1) + 1, condition.lessThan);
    case "day":
      return isWithin(dayIn(mail, condition.of), condition.fromDay, condition.untilDay);
  }
}

function isWithin(value: number, least = -Infinity, end = Infinity): boolean {
  return least <= value && value < end;
}

function dayIn({ received, message }: StoredMail, of: "received" | "sent"): number {
  const moment = of === "sent" ? message.envelope.date : received;
  return dayOf(moment?.getTime() ?? Number.NaN);
}

function isFlagged(
  { flags }: StoredMail,
  flag: "seen" | "flagged" | "answered" | "draft",
): boolean {
  return flag === "flagged" ? flags.flagStatus === 2 : flags[flag];
}

function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function textIn(mail: StoredMail, field: TextField): string {
  const { envelope } = mail.message;
  if (field === "anywhere") return `${headerOf(mail)}\n${bodyOf(mail)}`;
  if (field === "body") return bodyOf(mail);
  return field === "subject" ? envelope.subject : envelope[field].map(written).join(", ");
}

function written({ name, address }: Address): string {
  return `${name} <${address}>`;
}

function headerValues({ mime }: StoredMail, name: string): string[] {
  const { fields } = readHeader(mime, { start: 0, end: mime.length });
  return (fields.get(name.toLowerCase()) ?? []).map(decodedText);
}

function headerOf({ mime }: StoredMail): string {
  const { fields } = readHeader(mime, { start: 0, end: mime.length });
  const lines = [...fields].flatMap(([name, values]) => values.map((value) => [name, value]));
  return lines.map(([name, value = ""]) => `${name}: ${decodedText(value)}`).join("\n");
}

function bodyOf({ message }: StoredMail): string {
  const texts = partsOf(message.structure).filter(({ type }) => type === "text");
  return texts
    .map((part) => textOf(part, message.part(part.section) ?? Buffer.alloc(0), false))
    .join("\n");
}
