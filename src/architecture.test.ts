/** Who may import whom: the table of ARCHITECTURE.md. */
import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";

const everything = "*";
const table: Readonly<Record<string, string>> = {
  schemas: "kit",
  kit: "",
  "feed.ts": "",
  wbxml: "schemas kit",
  items: "schemas kit",
  store: "kit",
  sync: "store feed.ts kit",
  "backend.ts": "feed.ts items kit",
  "backends/contract.ts": "backend.ts feed.ts items kit",
  "backends/imap": "backend.ts feed.ts items kit",
  "backends/smtp": "backend.ts feed.ts items kit",
  "backends/memory": "backend.ts feed.ts items kit",
  mailbox: "backend.ts feed.ts items store kit",
  devices: "store schemas kit",
  accounts: "backend.ts store schemas kit",
  certificates: "kit",
  push: "backend.ts feed.ts sync kit",
  commands: "schemas items sync push devices certificates mailbox backend.ts feed.ts kit",
  http: "wbxml commands devices accounts schemas items backend.ts kit",
  config: "config.ts kit",
  "config.ts": "config schemas kit",
  workers: "main.ts compose.ts config.ts http kit",
  cli: "workers main.ts compose.ts backend.ts config.ts config devices accounts store items schemas kit",
  "cli.ts": "cli config kit",
  "bin.ts": "cli.ts kit",
  "compose.ts": everything,
  "main.ts": "compose.ts config.ts config kit",
};

/** The row that a file belongs to; a file in no row has no place. */
function rowOf(file: string): string {
  const rows = Object.keys(table).filter((row) => file === row || file.startsWith(`${row}/`));
  return rows.toSorted((a, b) => b.length - a.length)[0] ?? `${file} (in no row)`;
}

function inside(path: string): string {
  return path.startsWith("src/") ? path.slice("src/".length) : path;
}

async function importsOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, "utf8");
  const found = text.matchAll(/(?:from|import\(?)\s*"(\.[^"]+)"/g);
  return Array.from(found, ([, path]) => inside(join(dirname(file), path ?? "")));
}

/** Tests may also reach for the rig, the fixtures and memory implementations. */
const files = (await Array.fromAsync(glob(["src/**/*.ts", "schemas/**/*.ts"]))).filter(
  (file) => !file.endsWith(".test.ts"),
);

suite("A file imports only what the table allows", () => {
  for (const file of files) {
    test(file, async () => {
      const row = rowOf(inside(file));
      const allowed = table[row];
      assert.ok(allowed !== undefined, `${file} is in no row of the table`);
      if (allowed === everything) return;
      const rows = (await importsOf(file)).map(rowOf);
      const wrong = rows.filter((each) => each !== row && !allowed.split(" ").includes(each));
      assert.deepEqual(wrong, [], `${row} may import ${allowed || "nothing"}`);
    });
  }
});

test("A mark comes from position() alone: nobody else reads the opened mailbox's highestModseq", async () => {
  const readers = [];
  for (const file of files.filter((each) => each !== "src/backends/imap/position.ts")) {
    if (/mailbox\)?\??\.highestModseq/.test(await readFile(file, "utf8"))) readers.push(file);
  }
  assert.deepEqual(readers, []);
});

test("Every row of the table has files", () => {
  const used = new Set(files.map((file) => rowOf(inside(file))));
  assert.deepEqual(
    Object.keys(table).filter((row) => !used.has(row)),
    [],
  );
});
