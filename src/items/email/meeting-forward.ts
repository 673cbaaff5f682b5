/** The mail with which an invitation goes on to others, as a device would write it that sends MIME. */
import libmime from "libmime";
import { calendarBytes } from "./limits.ts";
import { detailPart, isCalendar, methodOf } from "./message-class.ts";
import type { Address, MailItem, Part, PartFetched, PartWanted } from "./message.ts";
import { textOf } from "./rendition.ts";
import { textEntity } from "./text-entity.ts";

/** Who gets it. */
export type Forwardee = Address;

/** What tells whether a mail invites to a meeting: nothing where the structure says it. */
export function invitationWanted({ structure, number }: MailItem): readonly PartWanted[] {
  const calendar = calendarOf(structure);
  if (calendar === undefined || methodOf(calendar, "") !== "") return [];
  return [{ number, section: calendar.section, maxBytes: calendarBytes }];
}

/** Whether a mail invites to a meeting: the same mails whose MessageClass tells a device so. */
export function hasInvitation({ structure }: MailItem, fetched: readonly PartFetched[]): boolean {
  const calendar = calendarOf(structure);
  if (calendar === undefined) return false;
  const got = fetched.find(({ section }) => section === calendar.section);
  const detail = got === undefined ? "" : textOf(calendar, got.bytes, true);
  return methodOf(calendar, detail) === "REQUEST";
}

function calendarOf(structure: Part): Part | undefined {
  const part = detailPart(structure);
  return part !== undefined && isCalendar(part) ? part : undefined;
}

/** The mail without its original, which is put below its text. */
export function meetingForward(
  subject: string,
  told: {
    readonly from: Address;
    readonly forwardees: readonly Forwardee[];
    readonly text: { readonly html: boolean; readonly text: string };
  },
): Buffer {
  const { from, forwardees, text } = told;
  const { fields, body } = textEntity(text.text, text.html ? "html" : "plain");
  const header = [
    `From: ${mailbox(from)}`,
    `To: ${forwardees.map(mailbox).join(",\r\n ")}`,
    `Subject: ${encoded(`FW: ${subject}`)}`,
    "MIME-Version: 1.0",
  ];
  const head = `${header.map((field) => `${field}\r\n`).join("")}${fields}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function mailbox({ name, address }: Address): string {
  const clean = name.replace(/\p{Cc}+/gu, " ").trim();
  if (clean === "") return `<${address}>`;
  const isAscii = /^[ -~]*$/.test(clean);
  const shown = isAscii
    ? `"${clean.replace(/["\\]/g, "\\$&")}"`
    : libmime.encodeWord(clean, "Q", 52);
  return `${shown} <${address}>`;
}

function encoded(text: string): string {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  if (/^[ -~]*$/.test(clean)) return libmime.foldLines(clean, 76);
  return libmime.foldLines(libmime.encodeWord(clean, "Q", 52), 76);
}
