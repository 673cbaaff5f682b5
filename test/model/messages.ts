/** The messages of the model: what uploads are, and what answers say of them. */
import type { StoredFolder } from "../../src/backends/memory/mailbox.ts";
import type { Mail, Phone, SyncWishes } from "../client/phone.ts";
import { subjectOf, subjectsIn } from "./world.ts";

/** One upload. */
export type Command = NonNullable<SyncWishes["Commands"]>[number];
/** An answer to a Sync. */
export type SyncAnswer = Parameters<Phone["apply"]>[1];
/** A new draft. */
export type AddOf = Extract<Command, { Add: unknown }>["Add"];
/** A change of a mail. */
export type ChangeOf = Extract<Command, { Change: unknown }>["Change"];
type Brought = ReturnType<Phone["apply"]>;
/** What an answer says of one upload. */
export type Responded = Brought["responses"][number];
/** What an answer tells of one item. */
export type Told = NonNullable<
  NonNullable<
    NonNullable<Brought["answer"]["body"]>["Collections"]
  >["Collection"][number]["Commands"]
>[number];

/** The elements of a mail. */
export function emailIn(data: ChangeOf["ApplicationData"]): Mail {
  return data !== undefined && "Email" in data ? data.Email : {};
}

/** The subject in them, "" for none. */
export function subjectIn(data: ChangeOf["ApplicationData"]): string {
  return emailIn(data).Subject ?? "";
}

/** Whether a folder has the mail under its own number; drafts have others on the server. */
export function isThere(
  stored: StoredFolder | undefined,
  serverId: string,
  subject: string,
): boolean {
  if (stored?.type === "drafts") return subjectsIn(stored).includes(subject);
  const mail = stored?.mails.get(Number(serverId.split(":")[1]));
  return mail !== undefined && subjectOf(mail.mime) === subject;
}

/** Whether it writes or sends a draft. */
export function isWriting(command: Command): boolean {
  return (
    "Add" in command || ("Change" in command && subjectIn(command.Change.ApplicationData) !== "")
  );
}

/** Of the item that exists; "" for a new one. */
export function serverIdOf(command: Command): string {
  if ("Change" in command) return command.Change.ServerId;
  return "Delete" in command ? command.Delete.ServerId : "";
}

/** The Status of a Change or Delete: 1 unless the answer says another. */
export function statusOf(responses: readonly Responded[], serverId: string): number {
  for (const each of responses) {
    if ("Change" in each && each.Change.ServerId === serverId) return each.Change.Status ?? 1;
    if ("Delete" in each && each.Delete.ServerId === serverId) return each.Delete.Status ?? 1;
  }
  return 1;
}

/** Whether the server did it. */
export function isDone(command: Command, responses: readonly Responded[]): boolean {
  return "Add" in command || statusOf(responses, serverIdOf(command)) === 1;
}

/** What devices and the server are compared by. */
export interface ShownMail {
  readonly subject: string;
  readonly read: boolean;
  readonly flag: number;
  readonly categories: readonly string[];
}

/** What a device has of a mail. */
export function shownMail({ Subject = "", Read, Flag, Categories }: Mail): ShownMail {
  const categories = (Categories?.Category ?? []).toSorted();
  return { subject: Subject, read: Read === true, flag: Flag?.Status ?? 0, categories };
}

/** What a device has of a folder. */
export function shownMails(phone: Phone, folder: string): readonly ShownMail[] {
  const mails = [...phone.mails(folder).values()].map(shownMail);
  return mails.toSorted(bySubject);
}

/** An order for comparing. */
export function bySubject(one: ShownMail, other: ShownMail): number {
  return one.subject < other.subject ? -1 : 1;
}
