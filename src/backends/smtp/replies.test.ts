import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOf, parseReply, type Stage } from "./replies.ts";

const cases: readonly (readonly [Stage, string, string | undefined])[] = [
  ["sender", "550 5.7.1 not your address", "sender"],
  ["sender", "552 5.3.4 Message size exceeds fixed limit", "too large"],
  ["sender", "552 too much", "too large"],
  ["sender", "530 5.7.0 Authentication required", "login"],
  ["sender", "452 4.3.1 Insufficient system storage", "over quota"],
  ["sender", "451 4.3.0 later", undefined],
  ["recipients", "550-5.1.1 no such\n550 5.1.1 user", "recipients"],
  ["recipients", "452 4.5.3 Error: too many recipients", "recipients"],
  ["recipients", "552 5.2.2 mailbox full", "over quota"],
  ["recipients", "452 4.2.2 mailbox full", "over quota"],
  ["recipients", "450 4.2.0 greylisted", undefined],
  ["data", "550 5.7.1 this content is not taken", "rejected"],
  ["data", "554 no", "rejected"],
  ["data", "552 5.3.4 too big", "too large"],
  ["data", "554 5.2.3 longer than allowed", "too large"],
  ["data", "550 5.2.2 quota", "over quota"],
  ["data", "421 4.3.2 shutting down", undefined],
  ["data", "nonsense", undefined],
];

for (const [stage, text, fault] of cases) {
  test(`SMTP: "${text.replace("\n", " / ")}" to the ${stage} is ${fault ?? "for now only"}`, () => {
    assert.equal(faultOf(parseReply(text), stage), fault);
  });
}
