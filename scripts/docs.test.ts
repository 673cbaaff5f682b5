import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { generatedPages } from "./docs.ts";

suite("The committed page is the one that its definition gives (else: npm run docs)", async () => {
  for (const [name, text] of await generatedPages()) {
    test(`docs/${name}`, async () => {
      assert.equal(await readFile(new URL(`../docs/${name}`, import.meta.url), "utf8"), text);
    });
  }
});
