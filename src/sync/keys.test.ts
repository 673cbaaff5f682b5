import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatKey, generationOf, parseKey } from "./keys.ts";

const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
const other = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

suite("Sync keys", () => {
  test("A key is read as it was written and has at most 64 characters", () => {
    const text = formatKey(uuid, 4_000_000_000);
    assert.deepEqual(parseKey(text), { kind: "numbered", uuid, counter: 4_000_000_000 });
    assert.ok(text.length <= 64);
  });

  test("Key 0 is the initial one", () => {
    assert.deepEqual(parseKey("0"), { kind: "initial" });
  });

  const strange = [
    "",
    "1",
    "00",
    `{${uuid}}`,
    `{${uuid}}0`,
    `{${uuid}}01`,
    `{${uuid}}1 `,
    `${uuid}1`,
  ];
  for (const text of strange) {
    test(`"${text}" is no key`, () => {
      assert.equal(parseKey(text), undefined);
    });
  }

  const stored = { uuid, counter: 5, previous: 3 };
  const generations = [
    [formatKey(uuid, 5), "current"],
    [formatKey(uuid, 3), "previous"],
    [formatKey(uuid, 4), undefined],
    [formatKey(uuid, 6), undefined],
    [formatKey(other, 5), undefined],
  ] as const;
  for (const [text, generation] of generations) {
    test(`Of a head at 5 after 3, ${text} is ${generation ?? "neither key"}`, () => {
      const key = parseKey(text);
      assert.ok(key);
      assert.equal(generationOf(key, stored), generation);
    });
  }
});
