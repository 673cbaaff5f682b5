/** `npm run docs`: writes the pages that are made from definitions. Tests compare them with what is committed. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { definition } from "../src/config.ts";
import { configurationPage } from "../src/config/print.ts";

const folder = fileURLToPath(new URL("../docs/", import.meta.url));

/** The generated pages by file name, formatted as they are committed. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const pages = { "configuration.md": configurationPage(definition) };
  const formatted = Object.entries(pages).map(
    async ([name, text]) => [name, await format(text, { parser: "markdown" })] as const,
  );
  return new Map(await Promise.all(formatted));
}

if (import.meta.main) {
  for (const [name, text] of await generatedPages()) await writeFile(`${folder}${name}`, text);
}
