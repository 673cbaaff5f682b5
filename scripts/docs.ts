/** `npm run docs`: writes the pages that are made from definitions. Tests compare them with what is committed. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import type { StatusCode } from "../schemas/status-code.ts";
import { statusTable } from "../schemas/status.ts";
import { definition } from "../src/config.ts";
import { configurationPage } from "../src/config/print.ts";
import { coveragePage } from "./coverage/page.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = `${root}docs/`;

/** The generated pages by file name, formatted as they are committed. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const pages = {
    "configuration.md": configurationPage(definition),
    "status-codes.md": statusPage(statusTable()),
    "protocol-coverage.md": await coveragePage(root),
  };
  const formatted = Object.entries(pages).map(
    async ([name, text]) => [name, await format(text, { parser: "markdown" })] as const,
  );
  return new Map(await Promise.all(formatted));
}

function statusPage(commands: ReadonlyMap<string, readonly StatusCode[]>): string {
  const head = [
    "# Status codes",
    "",
    "Made by `npm run docs` from `schemas/`; a test compares them. A device gets a status in the answer to one",
    "command; the gateway's log names it. Versions up to 12.1 get the HTTP status where one is given.",
  ];
  const sections = Array.from(commands, ([command, codes]) => statusSection(command, codes));
  return `${[...head, ...sections.flat()].join("\n")}\n`;
}

function statusSection(command: string, codes: readonly StatusCode[]): string[] {
  const rows = codes.map(({ status, name, means, action, http }) =>
    ["", status, `\`${name}\``, means, action, http ?? "", ""].join(" | ").trim(),
  );
  return [
    "",
    `## ${command}`,
    "",
    "| status | name | what it means | what the administrator should do | HTTP |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ];
}

if (import.meta.main) {
  for (const [name, text] of await generatedPages()) await writeFile(`${folder}${name}`, text);
}
