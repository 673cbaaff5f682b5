import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture, itemOf } from "../../../test/fixtures/mime/mails.ts";
import { firstConversationIndex, replyIndex, threadIndex } from "./conversation-index.ts";
import type { MailItem } from "./message.ts";

const second = 1000;
const year = 365 * 86_400 * second;

function mail(date: string | number, headers: MailItem["headers"] = {}): MailItem {
  const item = itemOf(fixture("flowed"));
  return { ...item, headers, envelope: { ...item.envelope, date: new Date(date) } };
}

/** Milliseconds between the beginning of a conversation and its last response, as a client reads them. */
function lastAfter(index: Buffer): number {
  const level = index.readUInt32BE(index.length - 5);
  const unit = level >= 0x8000_0000 ? 2 ** 23 : 2 ** 18;
  return ((level % 0x8000_0000) * unit) / 10_000;
}

describe("the conversation index", () => {
  it("begins as in the examples of MS-ASEMAIL 4.1.5", () => {
    // Its DtStamp is 2009-02-19T08:35:15.786Z, its index C9 92 6C FD 1F: some moments earlier.
    const index = firstConversationIndex(mail("2009-02-19T08:35:15.786Z"));
    assert.equal(index.subarray(0, 4).toString("hex"), "c9926cfd");
    assert.equal(index.length, 5);
  });

  it("gets a response level for each reply, with the time since the beginning", () => {
    const began = Date.parse("2026-03-01T10:00:00Z");
    const first = firstConversationIndex(mail(began));
    const reply = replyIndex(first, mail(began + 90 * second));
    assert.equal(reply.length, 10);
    assert.deepEqual(reply.subarray(0, 5), first);
    assert.ok(Math.abs(lastAfter(reply) - 90 * second) < 50);
    const late = replyIndex(reply, mail(began + 3 * year));
    assert.equal(late.length, 15);
    assert.ok(Math.abs(lastAfter(late) - 3 * year) < second);
  });

  it("never goes back, whatever a reply says of its date", () => {
    const first = firstConversationIndex(mail("2026-03-01"));
    assert.equal(lastAfter(replyIndex(first, mail("1999-01-01"))), 0);
    assert.equal(lastAfter(replyIndex(first, mail(Number.NaN))), 0);
  });

  it("is what Outlook wrote into Thread-Index, without its GUID", () => {
    const header = Buffer.concat([
      Buffer.from("01d3524fee83", "hex"),
      Buffer.alloc(16, 7),
      Buffer.from("0001c6545f8000009a4540", "hex").subarray(0, 10),
    ]);
    const index = threadIndex(mail(0, { "thread-index": header.toString("base64") }));
    assert.equal(index?.toString("hex"), "d3524fee830001c6545f8000009a45");
    for (const broken of ["", "AQ==", "nonsense!", header.subarray(0, 30).toString("base64")]) {
      assert.equal(threadIndex(mail(0, { "thread-index": broken })), undefined);
    }
  });

  it("stays bounded in an endless exchange", () => {
    let index = firstConversationIndex(mail("2026-03-01"));
    for (let count = 0; count < 200; count++) index = replyIndex(index, mail("2026-03-02"));
    assert.equal(index.length, 5 * 101);
  });
});
