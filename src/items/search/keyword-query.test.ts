import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition, TextField } from "./condition.ts";
import { keywordQuery, QueryTooComplex } from "./keyword-query.ts";

const today = { day: Date.UTC(2026, 10, 25) / 86_400_000 };
const query = (of: string): Condition | undefined => keywordQuery(of, today);
const text = (field: TextField, wanted: string): Condition => ({
  kind: "text",
  field,
  text: wanted,
});
const word = (wanted: string): Condition => text("anywhere", wanted);
const all = (...of: Condition[]): Condition => ({ kind: "all", of });
const any = (...of: Condition[]): Condition => ({ kind: "any", of });
const not = (of: Condition): Condition => ({ kind: "not", of });
const day = (year: number, month: number, date: number): number =>
  Date.UTC(year, month - 1, date) / 86_400_000;

test("Keyword query: words must all be there, a phrase is one", () => {
  assert.deepEqual(query("red"), word("red"));
  assert.deepEqual(query(" red  blue "), all(word("red"), word("blue")));
  assert.deepEqual(query('"red blue" green'), all(word("red blue"), word("green")));
  assert.deepEqual(query("“red blue”"), word("red blue"));
  assert.deepEqual(query('"no end'), word("no end"));
  assert.deepEqual(query("invoi*"), word("invoi"));
  assert.deepEqual(query("red red"), word("red"));
  assert.deepEqual(query("Grüße 日本"), all(word("Grüße"), word("日本")));
});

test("Keyword query: what an iPhone sends is one search for the text", () => {
  const sent = 'to:"Test" OR cc:"Test" OR from:"Test" OR subject:"Test" OR "Test" OR "Test"';
  assert.deepEqual(query(sent), word("Test"));
});

test("Keyword query: operators in capitals, signs and parentheses", () => {
  assert.deepEqual(query("a AND b"), all(word("a"), word("b")));
  assert.deepEqual(query("a OR b c"), any(word("a"), all(word("b"), word("c"))));
  assert.deepEqual(query("(a OR b) c"), all(any(word("a"), word("b")), word("c")));
  assert.deepEqual(query("a NOT b"), all(word("a"), not(word("b"))));
  assert.deepEqual(query("a -b +c"), all(word("a"), not(word("b")), word("c")));
  assert.deepEqual(query("a NOT (b OR c)"), all(word("a"), not(any(word("b"), word("c")))));
  assert.deepEqual(query("rock and roll"), all(word("rock"), word("and"), word("roll")));
});

test("Keyword query: properties, and what only looks like one", () => {
  assert.deepEqual(query("from:ann"), text("from", "ann"));
  assert.deepEqual(query('From: "Ann Lee"'), text("from", "Ann Lee"));
  assert.deepEqual(query("subject:a subject:b"), any(text("subject", "a"), text("subject", "b")));
  assert.deepEqual(query("from:a subject:b"), all(text("from", "a"), text("subject", "b")));
  assert.deepEqual(query("recipients:a"), any(text("to", "a"), text("cc", "a"), text("bcc", "a")));
  assert.deepEqual(query("-subject:a"), not(text("subject", "a")));
  assert.deepEqual(query("subject<>a"), not(text("subject", "a")));
  assert.deepEqual(query("http://example.test/x"), word("http://example.test/x"));
  assert.deepEqual(query("re: minutes"), all(word("re:"), word("minutes")));
  assert.deepEqual(query("from:"), word("from:"));
  assert.deepEqual(query("isread:false"), not({ kind: "flag", flag: "seen", is: true }));
  assert.deepEqual(query("hasattachment:true"), { kind: "attachments" });
  assert.deepEqual(query("category:Work"), { kind: "category", name: "Work" });
  assert.deepEqual(query("kind:email a"), word("a"));
  assert.deepEqual(query("kind:contacts a"), any());
  assert.deepEqual(query("size>5MB"), { kind: "size", moreThan: 5 * 1024 * 1024 });
});

test("Keyword query: days by name, date, month, year and span", () => {
  const received = (fromDay?: number, untilDay?: number): Condition => ({
    kind: "day",
    of: "received",
    ...(fromDay === undefined ? {} : { fromDay }),
    ...(untilDay === undefined ? {} : { untilDay }),
  });
  assert.deepEqual(query("received:today"), received(today.day, today.day + 1));
  assert.deepEqual(query('received:"last week"'), received(day(2026, 11, 16), day(2026, 11, 23)));
  assert.deepEqual(query('received:"this month"'), received(day(2026, 11, 1), day(2026, 12, 1)));
  assert.deepEqual(query("received:2026"), received(day(2026, 1, 1), day(2027, 1, 1)));
  assert.deepEqual(query("received:2026-02"), received(day(2026, 2, 1), day(2026, 3, 1)));
  assert.deepEqual(query("received>=2026-11-20"), received(day(2026, 11, 20)));
  assert.deepEqual(query("received<11/20/2026"), received(undefined, day(2026, 11, 20)));
  assert.deepEqual(
    query("received:2026-11-01..2026-11-10"),
    received(day(2026, 11, 1), day(2026, 11, 11)),
  );
  assert.deepEqual(query("received:someday"), any());
});

test("Keyword query: a text without words says nothing", () => {
  for (const empty of ["", "   ", '""', "()", "*", "AND", "OR NOT", ") ("]) {
    assert.equal(query(empty), undefined, JSON.stringify(empty));
  }
});

test("Keyword query: what is too long, too wide or too deep is refused", () => {
  const many = Array.from({ length: 61 }, (_, at) => `w${at}`).join(" ");
  for (const complex of ["x".repeat(1_001), many, `${"(".repeat(10)}a`]) {
    assert.throws(() => query(complex), QueryTooComplex, complex.slice(0, 20));
  }
});
