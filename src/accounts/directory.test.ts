import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase } from "../../test/rig/database.ts";
import { putAccount } from "../store/accounts.ts";
import type { SoughtAlias } from "./alias-map.ts";
import { Directory } from "./directory.ts";

const { database, ...rest } = await openTestDatabase();
after(() => rest[Symbol.asyncDispose]());

const domain = { name: "example.com", aliases: ["example.org"], login: "address" } as const;
const asked: SoughtAlias[] = [];
const ownersOf = async (sought: SoughtAlias): Promise<string[]> => {
  asked.push(sought);
  return sought.address === "sales" ? ["barry.johnson@example.com", "john@other.test"] : [];
};
const directory = new Directory({
  sql: database,
  aliasMaps: new Map([["example.com", { ownersOf }]]),
  domains: [
    { ...domain, addressBook: true },
    { name: "quiet.test", aliases: [], login: "address", addressBook: false },
  ],
});
const names = ["barry.johnson", "john_frum", "james.littlejohn", "per%cent", "under_score"];

before(async () => {
  const users = [
    ...names.map((name) => `${name}@example.com`),
    "john@quiet.test",
    "john@other.test",
  ];
  for (const email of users) {
    const name = { domain: email.split("@")[1] ?? "", login: email, email };
    await putAccount(database, name, new Date());
  }
});

const whole = { offset: 0, limit: 100 };

async function found(text: string, of: string = domain.name): Promise<string[]> {
  const { people, total } = await directory.find(of, text, whole);
  assert.equal(total, people.length);
  return people.map(({ alias }) => alias);
}

test("Address list: the beginning of any word of a name fits, whatever its case", async () => {
  assert.deepEqual(await found("John"), ["barry.johnson", "john_frum"]);
  assert.deepEqual(await found("JAMES"), ["james.littlejohn"]);
  assert.deepEqual(await found("barry.j"), ["barry.johnson"]);
  assert.deepEqual(await found("Barry J"), ["barry.johnson"]);
  assert.deepEqual(await found("frum@"), []);
  assert.deepEqual(await found("littlejohn x"), []);
});

test("Address list: the beginning of an address fits, in the domain's aliases too", async () => {
  assert.deepEqual(await found("john_frum@example.c"), ["john_frum"]);
  assert.deepEqual(await found("John_Frum@Example.org"), ["john_frum"]);
});

test("Address list: signs of patterns stand for themselves, and nothing is nobody", async () => {
  assert.deepEqual(await found("per%"), ["per%cent"]);
  assert.deepEqual(await found("%"), []);
  assert.deepEqual(await found("under_score"), ["under_score"]);
  assert.deepEqual(await found("unde_s"), []);
  for (const text of ["", "  ", "...", "\\", "\0", "x".repeat(300)]) {
    assert.deepEqual(await found(text), [], JSON.stringify(text.slice(0, 5)));
  }
});

test("Address list: users of another domain, or of one that has none, are not told", async () => {
  assert.deepEqual(await found("john", "quiet.test"), []);
  assert.deepEqual(await found("john", "other.test"), []);
});

test("Address list: whoever has a further address that fits is found, of the same domain alone", async () => {
  assert.deepEqual(await found("Sales"), ["barry.johnson"]);
  asked.length = 0;
  await found("Sales.North");
  await found("sales@Example.org");
  assert.deepEqual(asked, [
    { address: "sales.north", words: "sales north" },
    { address: "sales@example.org", words: "sales@example com" },
  ]);
});

test("Address list: pages by name, with the number of all", async () => {
  const first = await directory.find("example.com", "john", { offset: 0, limit: 1 });
  const second = await directory.find("example.com", "john", { offset: 1, limit: 1 });
  const beyond = await directory.find("example.com", "john", { offset: 9, limit: 1 });
  assert.deepEqual(first, {
    people: [
      { displayName: "barry.johnson", alias: "barry.johnson", email: "barry.johnson@example.com" },
    ],
    total: 2,
  });
  assert.deepEqual([second.people[0]?.alias, second.total], ["john_frum", 2]);
  assert.deepEqual([beyond.people.length, beyond.total], [0, 2]);
});
