/** docs/protocol-coverage.md: which elements and commands are handled, as dialogs and tests show it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands, hasCommand, isCommandName, type CommandName } from "../../schemas/commands.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import { handlers } from "../../src/commands/index.ts";
import { createOffer } from "../../src/http/offer.ts";
import { listElements, type Element } from "./elements.ts";
import { collectEvidence, type Evidence } from "./evidence.ts";
import { notHandled, testedIn, type Lines } from "./reasons.ts";

/** Commands that are not handled, and why. */
const unhandledCommands: Readonly<Partial<Record<CommandName, string>>> = {
  MeetingResponse: "with the calendar",
};

/** The page. Throws an Error that lists every element and command of which nothing is known. */
export async function coveragePage(root: string): Promise<string> {
  const evidence = await collectEvidence(root);
  const { versions } = createOffer(handlers);
  const judge = new Judge(root, evidence);
  const judged = listElements().map((element) => ({ element, cell: judge.cellOf(element) }));
  const table = commandTable(versions, evidence, judge.problems);
  judge.refuse();
  return `${[...head, ...table, ...elementSections(judged)].join("\n")}\n`;
}

const head = [
  "# Protocol coverage",
  "",
  "Made by `npm run docs` from `schemas/`, the dialogs of `test/dialogs/` and the tests; a test compares it. An element",
  "that no dialog or test shows is not handled, and the reason stands beside it.",
];

/** Finds for each element what shows it, or why it is not handled. */
class Judge {
  readonly problems: string[] = [];
  readonly #root: string;
  readonly #evidence: Evidence;
  readonly #used = new Set<string>();

  constructor(root: string, evidence: Evidence) {
    this.#root = root;
    this.#evidence = evidence;
  }

  cellOf({ name, direction }: Element): string {
    const key = `${direction} ${name}`;
    const local = name.slice(name.indexOf(":") + 1);
    const isShown = this.#evidence.elements.has(key) && this.#evidence.sources.has(local);
    const test = this.#find(testedIn, key);
    const reason = this.#find(notHandled, key);
    const said = [isShown ? direction : undefined, test && direction, reason].filter(
      (one) => one !== undefined,
    );
    if (test !== undefined) this.#mustHold(test, local);
    if (said.length !== 1) this.#complain(key, said);
    return said[0] ?? "";
  }

  /** Lines that match nothing are of another time. Throws when anything is wrong. */
  refuse(): void {
    for (const line of [...Object.keys(testedIn), ...Object.keys(notHandled)]) {
      if (!this.#used.has(line)) this.problems.push(`${line}: matches no element any more`);
    }
    if (this.problems.length > 0) {
      throw new Error(`scripts/coverage/reasons.ts:\n${this.problems.join("\n")}`);
    }
  }

  #complain(key: string, said: readonly string[]): void {
    this.problems.push(
      said.length === 0
        ? `${key}: no dialog shows it; write one, or say where it is tested or why it is not handled`
        : `${key}: is shown, and is said to be otherwise: take the line away`,
    );
  }

  /** The longest line that matches counts. */
  #find(lines: Lines, key: string): string | undefined {
    const [direction = "", name = ""] = key.split(" ");
    const anyOfPage = `${direction} ${name.slice(0, name.indexOf(":"))}:*`;
    const line = [key, anyOfPage].find((each) => Object.hasOwn(lines, each));
    if (line === undefined) return undefined;
    const isShownOneOfMany = line === anyOfPage && this.#evidence.elements.has(key);
    if (isShownOneOfMany) return undefined;
    this.#used.add(line);
    return lines[line];
  }

  #mustHold(file: string, local: string): void {
    const path = join(this.#root, file);
    const isHeld = existsSync(path) && readFileSync(path, "utf8").includes(local);
    if (!isHeld) this.problems.push(`${file} does not test ${local}`);
  }
}

function commandTable(
  versions: readonly ProtocolVersion[],
  evidence: Evidence,
  problems: string[],
): string[] {
  const problem = (name: string): string => {
    problems.push(`${name}: is not handled, and nothing says why`);
    return "";
  };
  const rows = Object.keys(commands)
    .filter(isCommandName)
    .map((name) => {
      const cells = versions.map((version) => {
        if (!hasCommand(version, name)) return "–";
        if (!Object.hasOwn(handlers, name)) return unhandledCommands[name] ?? problem(name);
        const count = evidence.commands.get(`${name} ${version}`)?.size ?? 0;
        if (count === 0) problems.push(`${name} at ${version}: no dialog`);
        return String(count);
      });
      return `| ${name} | ${cells.join(" | ")} |`;
    });
  return [
    "",
    "## Commands",
    "",
    "How many dialogs use a command, by version; – where the version does not have it; else with what it will come.",
    "",
    `| command | ${versions.join(" | ")} |`,
    `| --- |${" --- |".repeat(versions.length)}`,
    ...rows,
  ];
}

interface Judged {
  readonly element: Element;
  readonly cell: string;
}

function elementSections(judged: readonly Judged[]): string[] {
  const pages = Map.groupBy(judged, ({ element }) => element.page);
  return [...pages].flatMap(([page, elements]) => pageSection(page, elements));
}

function pageSection(page: string, judged: readonly Judged[]): string[] {
  const cells = new Map<string, string>(
    judged.map(({ element, cell }) => [`${element.direction} ${element.name}`, cell]),
  );
  const reasons = new Set(cells.values());
  const [only, ...others] = reasons;
  const isWhole = others.length === 0 && only !== "read" && only !== "written";
  if (isWhole) return ["", `## ${page}`, "", `Not handled: ${only}.`];
  const byName = Map.groupBy(judged, ({ element }) => element.name);
  const rows = [...byName].map(([name, [one]]) => {
    const local = name.slice(name.indexOf(":") + 1);
    const [read = "–", written = "–"] = ["read", "written"].map((way) =>
      cells.get(`${way} ${name}`),
    );
    return `| ${local} | ${versionsOf(one?.element)} | ${read} | ${written} |`;
  });
  return [
    "",
    `## ${page}`,
    "",
    "| element | versions | in requests | in answers |",
    "| --- | --- | --- | --- |",
    ...rows,
  ];
}

function versionsOf(element: Element | undefined): string {
  if (element === undefined) return "";
  const { since, until } = element;
  if (until === "16.1") return since === "2.5" ? "all" : `${since} and later`;
  return since === until ? since : `${since} to ${until}`;
}
