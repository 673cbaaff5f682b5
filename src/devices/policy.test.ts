import assert from "node:assert/strict";
import { test } from "node:test";
import { compliance, type GateQuestion, judge, parsePolicyKey, settle } from "./policy.ts";

const question: GateQuestion = {
  required: true,
  command: "Sync",
  version: "14.1",
  sentKey: 7,
  currentKey: 7,
};

test("Gate: without a policy every command passes with any key or none", () => {
  for (const sentKey of [undefined, 0, 1234]) {
    assert.equal(
      judge({ ...question, required: false, sentKey, currentKey: undefined }),
      undefined,
    );
  }
});

test("Gate: the key of the acknowledged policy passes, also at 12.1", () => {
  assert.equal(judge(question), undefined);
  assert.equal(judge({ ...question, version: "12.1" }), undefined);
});

test("Gate: a device without a policy is told 142 from 14.0 on, HTTP 449 before", () => {
  const unprovisioned = { ...question, currentKey: undefined };
  assert.deepEqual(judge({ ...unprovisioned, version: "14.0" }), { status: 142, http: undefined });
  assert.deepEqual(judge({ ...unprovisioned, version: "12.1" }), { status: 142, http: 449 });
  assert.equal(judge({ ...question, currentKey: undefined, sentKey: undefined })?.status, 142);
});

test("Gate: a device that leaves its key out does not evade the policy", () => {
  assert.equal(judge({ ...question, sentKey: undefined })?.status, 142);
  assert.equal(judge({ ...question, sentKey: 0 })?.status, 142);
});

test("Gate: another key than the current one is told 144, HTTP 449 up to 12.1", () => {
  assert.deepEqual(judge({ ...question, sentKey: 8 }), { status: 144, http: undefined });
  assert.deepEqual(judge({ ...question, sentKey: 8, version: "12.0" }), { status: 144, http: 449 });
});

test("Gate: Provision, Ping, Autodiscover and OPTIONS carry no key (MS-ASPROV 3.2.5.1)", () => {
  for (const command of ["Provision", "Ping", "Autodiscover", "OPTIONS"]) {
    assert.equal(judge({ ...question, command, sentKey: undefined }), undefined);
  }
  assert.notEqual(judge({ ...question, command: "Settings", sentKey: undefined }), undefined);
});

test("Policy key: 32 bits unsigned, anything else is none", () => {
  assert.equal(parsePolicyKey("4294967295"), 4294967295);
  assert.equal(parsePolicyKey(" 12 "), 12);
  for (const text of [undefined, "", "4294967296", "-1", "1.5", "0x10", "99999999999", "key"]) {
    assert.equal(parsePolicyKey(text), undefined);
  }
});

test("Acknowledgement: only a policy applied whole gives a key", () => {
  const expected = [
    [1, "acknowledged", 1],
    [2, "partly", 139],
    [3, "refused", 141],
    [4, "external", 145],
    [undefined, "refused", 141],
  ] as const;
  for (const [reported, state, commandStatus] of expected) {
    assert.deepEqual(compliance(reported), { state, commandStatus });
    const { key } = settle(compliance(reported), 99);
    assert.equal(key, reported === 1 ? 99 : undefined);
  }
});
