import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../src/config.ts";
import { ConfigError } from "../../src/config/problem.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const files = (await readdir(folder)).filter((name) => name.endsWith(".toml"));

suite("A broken configuration is refused with its exact message", () => {
  for (const file of files) {
    test(file, async () => {
      const expected = await readFile(folder + file.replace(".toml", ".txt"), "utf8");
      assert.throws(
        () => loadConfig({ file: folder + file, env: {} }),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.equal(`${error.message}\n`, expected);
          return true;
        },
      );
    });
  }
});
