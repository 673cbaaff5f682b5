import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { putAccount } from "../store/accounts.ts";
import { OutOfOffice } from "./out-of-office.ts";

let rig: TestDatabase;
let account: { readonly id: string };
let settings: OutOfOffice;

const times = {
  startAt: new Date("2026-12-20T00:00:00Z"),
  endAt: new Date("2027-01-04T00:00:00Z"),
};

before(async () => {
  rig = await openTestDatabase();
  const name = { domain: "example.org", login: "ada", email: "ada@example.org" };
  account = await putAccount(rig.database, name, new Date(0));
  settings = new OutOfOffice(rig.database);
});
after(() => rig[Symbol.asyncDispose]());

test("Out of office: off and without texts at first, and each audience has its message", async () => {
  const { state, startAt, messages } = await settings.get(account);
  assert.deepEqual([state, startAt], [0, null]);
  assert.deepEqual(
    messages.map(({ audience, enabled, reply }) => [audience, enabled, reply]),
    [
      ["internal", false, ""],
      ["externalKnown", false, ""],
      ["externalUnknown", false, ""],
    ],
  );
});

test("Out of office: what a change leaves out stays, times go with the state that needs them", async () => {
  await settings.change(account, { state: 2, messages: [] });
  const untimed = await settings.get(account);
  assert.deepEqual([untimed.state, untimed.startAt, untimed.endAt], [2, null, null]);
  const internal = {
    audience: "internal",
    enabled: true,
    bodyType: "Text",
    reply: "Away",
  } as const;
  await settings.change(account, { state: 2, times, messages: [internal] });
  const known = {
    audience: "externalKnown",
    enabled: true,
    bodyType: "HTML",
    reply: "<b>Away</b>",
  } as const;
  await settings.change(account, { messages: [known] });
  const set = await settings.get(account);
  assert.deepEqual([set.state, set.startAt, set.endAt], [2, times.startAt, times.endAt]);
  assert.deepEqual(set.messages.slice(0, 2), [internal, known]);
  await settings.change(account, { state: 1, times, messages: [] });
  const { state, startAt, messages } = await settings.get(account);
  assert.deepEqual([state, startAt, messages[0]], [1, null, internal]);
});
