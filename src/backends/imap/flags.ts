/** IMAP flags and keywords <-> the state of a mail that a device sees. */
import type { FlagChange } from "../../backend.ts";
import type { MailFlags } from "../../items/email/message.ts";
import { keywordCharacters } from "./limits.ts";

/** Follow-up that is done (EAS FlagStatus 1); mail programs show the mail without a flag. */
const completeKeyword = "$EasComplete";
const forwardedKeyword = "$Forwarded";
/** Set and taken away in turn: only a change makes a server count. */
const touchedKeyword = "$EasTouched";

/** A category whose name no keyword can be: the name in base64url after this. */
const encodedPrefix = "eas-";

/** Keywords of mail programs for their own use, no categories of the user (lower case). */
const hiddenKeywords = new Set([
  forwardedKeyword.toLowerCase(),
  completeKeyword.toLowerCase(),
  touchedKeyword.toLowerCase(),
  "forwarded",
  "$mdnsent",
  "$submitpending",
  "$submitted",
  "$junk",
  "$notjunk",
  "$phishing",
  "junk",
  "nonjunk",
  "notjunk",
  "$hasattachment",
  "$hasnoattachment",
  "$recent",
  "$ismailinglist",
  "$istrusted",
  "$hasmemo",
  "$muted",
  "$followed",
]);

/** The keywords that mail programs give to their own labels, and the names shown for them. */
const labelNames: ReadonlyMap<string, string> = new Map([
  ["$label1", "Important"],
  ["$label2", "Work"],
  ["$label3", "Personal"],
  ["$label4", "To Do"],
  ["$label5", "Later"],
]);

const labelKeywords = new Map(
  [...labelNames].map(([keyword, name]) => [name, keyword.replace("l", "L")]),
);

/** The state that these flags of a FETCH stand for. */
export function flagsOf(flags: ReadonlySet<string>): MailFlags {
  const lower = new Set([...flags].map((flag) => flag.toLowerCase()));
  const flagged = lower.has("\\flagged");
  const complete = lower.has(completeKeyword.toLowerCase());
  return {
    seen: lower.has("\\seen"),
    flagStatus: flagged ? 2 : complete ? 1 : 0,
    answered: lower.has("\\answered"),
    forwarded: lower.has(forwardedKeyword.toLowerCase()),
    draft: lower.has("\\draft"),
    categories: categoriesOf(flags),
  };
}

function categoriesOf(flags: ReadonlySet<string>): string[] {
  const names = new Set<string>();
  for (const flag of flags) {
    if (flag.startsWith("\\") || hiddenKeywords.has(flag.toLowerCase())) continue;
    names.add(categoryOf(flag));
  }
  return [...names].toSorted();
}

/** The category that a keyword stands for. */
export function categoryOf(keyword: string): string {
  const label = labelNames.get(keyword.toLowerCase());
  if (label !== undefined) return label;
  if (!keyword.toLowerCase().startsWith(encodedPrefix)) return keyword;
  const encoded = keyword.slice(encodedPrefix.length);
  const name = Buffer.from(encoded, "base64url").toString("utf8");
  // Somebody's own keyword that only looks like ours.
  return Buffer.from(name, "utf8").toString("base64url") === encoded ? name : keyword;
}

/** The keyword that stands for a category: an atom of RFC 3501, so that every server takes it. */
export function keywordOf(category: string): string {
  const label = labelKeywords.get(category);
  if (label !== undefined) return label;
  const isAtom = /^[A-Za-z0-9$_.+-]{1,50}$/.test(category);
  const isOwn = hiddenKeywords.has(category.toLowerCase()) || category.startsWith(encodedPrefix);
  if (isAtom && !isOwn) return category;
  return encodedPrefix + Buffer.from(category, "utf8").toString("base64url");
}

/** Flags to add and to take away. */
export interface FlagEdit {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** The edit that makes a change; categories are compared with the keywords that the mail has now. */
export function editOf(change: FlagChange, now: ReadonlySet<string>): FlagEdit {
  const add: string[] = [];
  const remove: string[] = [];
  const set = (flag: string, on: boolean): void => void (on ? add : remove).push(flag);
  if (change.seen !== undefined) set("\\Seen", change.seen);
  if (change.answered !== undefined) set("\\Answered", change.answered);
  if (change.forwarded !== undefined) set(forwardedKeyword, change.forwarded);
  if (change.flagStatus !== undefined) {
    set("\\Flagged", change.flagStatus === 2);
    set(completeKeyword, change.flagStatus === 1);
  }
  if (change.touched === true) set(touchedKeyword, !hasKeyword(now, touchedKeyword));
  if (change.categories !== undefined) {
    const wanted = new Set(change.categories);
    const had = [...now].filter((flag) => isCategory(flag));
    remove.push(...had.filter((flag) => !wanted.has(categoryOf(flag))));
    const kept = new Set(had.map(categoryOf));
    const missing = [...wanted].filter((name) => !kept.has(name)).map(keywordOf);
    // A name too long for a keyword is not kept: the next Sync tells the device so.
    add.push(...missing.filter((keyword) => keyword.length <= keywordCharacters));
  }
  return { add, remove };
}

function hasKeyword(now: ReadonlySet<string>, keyword: string): boolean {
  return [...now].some((flag) => flag.toLowerCase() === keyword.toLowerCase());
}

function isCategory(flag: string): boolean {
  return !flag.startsWith("\\") && !hiddenKeywords.has(flag.toLowerCase());
}

/** The flags of a new mail. */
export function flagNames(flags: Partial<MailFlags>): string[] {
  const change = { number: 0, ...flags };
  const { add } = editOf(change, new Set());
  return flags.draft === true ? [...add, "\\Draft"] : [...add];
}
