/** The definition in words: the commented file that `eastgate init` writes, and docs/configuration.md. */
import { fileName, variableName } from "./read.ts";
import { required, type Nodes, type Setting, type Table } from "./setting.ts";

/** A table with its header line and the place of its variables. */
interface Section {
  readonly header: string;
  readonly variable: string;
  readonly table: Table<Nodes>;
}

/** Every table of the definition in the order of the file. */
function sectionsOf(definition: Table<Nodes>): readonly Section[] {
  return collect({ header: "", variable: "EASTGATE", table: definition });
}

function collect(section: Section): readonly Section[] {
  const inner = Object.entries(section.table.shape).flatMap(([name, node]) => {
    if (node.kind === "setting") return [];
    const bare = section.header.replaceAll(/[[\]]/g, "");
    const path = bare === "" ? fileName(name) : `${bare}.${fileName(name)}`;
    const variable = variableName(section.variable, name);
    return node.kind === "table"
      ? collect({ header: `[${path}]`, variable, table: node })
      : collect({ header: `[[${path}]]`, variable: `${variable}_0`, table: node.item });
  });
  return [section, ...inner];
}

function settingsOf({ table }: Section): readonly (readonly [string, Setting<unknown>])[] {
  return Object.entries(table.shape).flatMap(([name, node]) =>
    node.kind === "setting" ? [[name, node] as const] : [],
  );
}

function defaultOf({ fallback }: Setting<unknown>): string {
  return fallback === required || fallback === undefined ? "" : JSON.stringify(fallback);
}

/** A configuration file with every setting, its help and its default; what must be set is not commented out. */
export function commentedFile(definition: Table<Nodes>): string {
  const head = [
    "# Configuration of Eastgate. A line behind # shows a default.",
    "# Each setting can be given by an environment variable too: see docs/configuration.md.",
  ];
  return `${[...head, ...sectionsOf(definition).flatMap(sectionLines)].join("\n")}\n`;
}

function sectionLines(section: Section): string[] {
  const header = section.header === "" ? [] : [section.header];
  const lines = settingsOf(section).flatMap(([name, setting]) => [
    `# ${setting.help}`,
    `${commentMark(setting, name)}${fileName(name)} = ${shownValue(setting)}`,
  ]);
  return ["", `# ${section.table.help}`, ...header, ...lines];
}

/** The names of files that the default of tls.mode asks for, and what has no default, stand as settings. */
function commentMark(setting: Setting<unknown>, name: string): string {
  return setting.fallback === required || name === "certificate" || name === "key" ? "" : "# ";
}

function shownValue(setting: Setting<unknown>): string {
  return defaultOf(setting) || JSON.stringify(setting.example ?? "");
}

/** docs/configuration.md. */
export function configurationPage(definition: Table<Nodes>): string {
  return `${[...pageHead, ...sectionsOf(definition).flatMap(pageSection)].join("\n")}\n`;
}

const pageHead = [
  "# Configuration",
  "",
  "Made by `npm run docs` from `src/config.ts`; a test compares them.",
  "",
  "One TOML file, named by `--config FILE` or `EASTGATE_CONFIG`, and environment variables, which win over the",
  "file. `eastgate init` writes a commented file. Relative paths start at the file's folder, without a file at the",
  "working directory. A list in a variable is separated by commas; `_0_` counts the `[[domains]]` from 0. All",
  "errors are listed at once, and unknown keys are errors.",
];

function pageSection(section: Section): string[] {
  const title = section.header === "" ? "Top of the file" : `\`${section.header}\``;
  const rows = settingsOf(section).map(([name, setting]) => row(section, name, setting));
  if (rows.length === 0) return ["", `## ${title}`, "", section.table.help];
  return [
    "",
    `## ${title}`,
    "",
    section.table.help,
    "",
    "| setting | what it is | value | default | variable |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ];
}

function row({ variable }: Section, name: string, setting: Setting<unknown>): string {
  const { help, wanted } = setting;
  const value = setting.fallback === required ? `${wanted}; required` : wanted;
  const preset = defaultOf(setting);
  const names = [variableName(variable, name), ...setting.variables].map((each) => `\`${each}\``);
  const cells = [`\`${fileName(name)}\``, help, value, preset && `\`${preset}\``, names.join(", ")];
  return `| ${cells.join(" | ")} |`;
}
