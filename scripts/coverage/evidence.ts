/** What dialogs and tests show of elements and commands. */
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { commands, isCommandName } from "../../schemas/commands.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import { parseDialog, versionsOf, type Dialog } from "../../test/dialogs/parse.ts";
import type { Direction } from "./elements.ts";

/** What was found in the project's folder. */
export interface Evidence {
  /** Elements (`direction prefix:Name`) that a dialog sends or expects. */
  readonly elements: ReadonlySet<string>;
  /** `command version` -> the dialogs in which a device of that version uses the command. */
  readonly commands: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every word of the sources that carry out commands. */
  readonly sources: ReadonlySet<string>;
  /** Every word of the tests beside them. */
  readonly tests: ReadonlySet<string>;
}

/** Where requests are carried out and answers are made. */
const folders = ["commands", "items", "devices", "mailbox", "http"];

/** Reads all dialogs, sources and tests below the project's folder. */
export async function collectEvidence(root: string): Promise<Evidence> {
  const elements = new Set<string>();
  const used = new Map<string, Set<string>>();
  for (const file of await filesOf(root, "test/dialogs/*.eas")) {
    const source = await readFile(join(root, file), "utf8");
    const name = file.replace(/^.*\/|\.eas$/g, "");
    for (const version of versionsOf(source)) {
      readDialog(parseDialog(source, version), { name, version, elements, used });
    }
  }
  const all = await filesOf(root, `src/{${folders.join(",")}}/**/*.ts`);
  const isTest = (file: string): boolean => file.endsWith(".test.ts");
  return {
    elements,
    commands: used,
    sources: await wordsOf(
      root,
      all.filter((file) => !isTest(file)),
    ),
    tests: await wordsOf(root, all.filter(isTest)),
  };
}

interface Reading {
  readonly name: string;
  readonly version: ProtocolVersion;
  readonly elements: Set<string>;
  readonly used: Map<string, Set<string>>;
}

function readDialog({ steps }: Dialog, { name, version, elements, used }: Reading): void {
  for (const step of steps) {
    if (step.kind === "send") {
      const key = `${step.command} ${version}`;
      used.set(key, (used.get(key) ?? new Set()).add(name));
      note(elements, "read", step.body);
    }
    if (step.kind === "expect") note(elements, "written", step.body);
  }
}

/** An element that must be absent ("!") is none that is written. */
const openings = /<(?<tag>[A-Za-z0-9:]+)(?<more>[^<>]*)>(?<text>!?)/g;

function note(elements: Set<string>, direction: Direction, xml: string): void {
  let prefix: string | undefined;
  for (const { groups } of xml.matchAll(openings)) {
    const tag = groups?.["tag"] ?? "";
    prefix ??= rootPrefix(tag);
    if (groups?.["text"] === "!") continue;
    elements.add(`${direction} ${tag.includes(":") ? tag : `${prefix}:${tag}`}`);
  }
}

/** The page of a message's root; names without a prefix are of this page. */
function rootPrefix(root: string): string {
  const [prefix, local] = root.split(":");
  if (local !== undefined && prefix !== undefined) return prefix;
  const named = isCommandName(root) ? commands[root].request.page : undefined;
  return named?.prefix ?? "folderhierarchy";
}

async function filesOf(root: string, pattern: string): Promise<string[]> {
  return (await Array.fromAsync(glob(pattern, { cwd: root }))).toSorted();
}

async function wordsOf(root: string, files: readonly string[]): Promise<Set<string>> {
  const words = new Set<string>();
  for (const file of files) {
    const text = await readFile(join(root, file), "utf8");
    for (const [word] of text.matchAll(/\b[A-Z]\w+/g)) words.add(word);
  }
  return words;
}
