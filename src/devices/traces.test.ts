/** Traces and the watch for loops on real PostgreSQL; the endpoint is in test/e2e/trace.test.ts. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import type { Log } from "../kit/log.ts";
import { StillClock } from "../kit/still-clock.ts";
import { putAccount } from "../store/accounts.ts";
import { Devices, type Device } from "./devices.ts";
import { followTrace, type TraceEnd } from "./follow-trace.ts";
import { maxTraceEntries, maxTraceEntryLength, traceGraceMs } from "./limits.ts";
import { LoopWatch } from "./loop-watch.ts";
import { Traces } from "./traces.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

let rig: TestDatabase;
let clock: StillClock;
let phone: Device;
let tablet: Device;
let devices: Devices;

before(async () => {
  rig = await openTestDatabase();
});
after(() => rig[Symbol.asyncDispose]());

beforeEach(async () => {
  clock = new StillClock(Date.parse("2026-11-01T08:00:00Z"));
  const { database } = rig;
  const name = { domain: "example.test", login: "ann", email: "ann@example.test" };
  const account = await putAccount(database, name, new Date(clock.now()));
  devices = new Devices({ database, clock, requiresPolicy: () => false });
  const told = { deviceType: "Phone", userAgent: "", protocolVersion: "14.1", address: "::1" };
  phone = await devices.findOrCreate(account, { ...told, deviceId: "phone" });
  tablet = await devices.findOrCreate(account, { ...told, deviceId: "tablet" });
});

/** A gateway process's traces, which hear hints; `learned` resolves when the next change of traces is known. */
interface Process extends AsyncDisposable {
  readonly traces: Traces;
  learned(): Promise<void>;
}

async function openProcess(): Promise<Process> {
  const { database } = rig;
  const traces = await Traces.open({ database, clock, log: quiet });
  let heard = Promise.withResolvers<void>();
  const listening = await database.listen((kind) => {
    traces.hear(kind);
    if (kind === "trace") heard.resolve();
  });
  return {
    traces,
    learned: async () => {
      await heard.promise;
      heard = Promise.withResolvers();
      await traces.settled();
    },
    [Symbol.asyncDispose]: async () => {
      listening[Symbol.dispose]();
      await traces[Symbol.asyncDispose]();
    },
  };
}

async function read({ content = false } = {}) {
  const asked = new AbortController();
  const wanted = { device: phone, minutes: 10, content, signal: asked.signal };
  const entries = await followTrace(rig.database, clock, wanted);
  return { asked, entries, first: entries.next() };
}

async function rest(entries: AsyncGenerator<string, TraceEnd>) {
  const texts: string[] = [];
  for (;;) {
    const { value, done } = await entries.next();
    if (done === true) return { texts, end: value };
    texts.push(value);
  }
}

async function rowsOf(table: "traces" | "trace_entries"): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM ${table}`;
  const [row] = await rig.database.rows<{ count: number }>(`test.${table}`, text);
  return row?.count ?? 0;
}

test("Trace: gives what its device says, nothing of others, and leaves nothing behind", async () => {
  await using process = await openProcess();
  const { traces } = process;
  traces.write(phone.id, () => assert.fail("nobody traces yet"));
  const { asked, entries, first } = await read();
  await process.learned();
  traces.write(tablet.id, () => assert.fail("another device is traced"));
  traces.write(phone.id, async (content) => `one ${content}`);
  assert.deepEqual(await first, { done: false, value: "one false" });
  traces.write(phone.id, async () => "two");
  traces.write(phone.id, async () => "three");
  await traces.settled();
  asked.abort();
  const { texts, end } = await rest(entries);
  assert.deepEqual(texts, ["two", "three"]);
  assert.deepEqual(end, { reason: "ended by its reader", leftOut: 0 });
  assert.deepEqual([await rowsOf("traces"), await rowsOf("trace_entries")], [0, 0]);
  await process.learned();
  traces.write(phone.id, () => assert.fail("the trace is over"));
  const [shown] = await devices.show("phone");
  const [event] = shown?.events ?? [];
  assert.equal(event?.event, "trace started");
  assert.deepEqual(event.details, { minutes: 10, content: false });
});

test("Trace: ends when its time is over, in the gateway too", async () => {
  await using process = await openProcess();
  const { entries, first } = await read({ content: true });
  await process.learned();
  process.traces.write(phone.id, async (content) => `with contents: ${content}`);
  assert.deepEqual(await first, { done: false, value: "with contents: true" });
  const last = rest(entries);
  clock.advance(10 * 60_000);
  process.traces.write(phone.id, () => assert.fail("the time is over"));
  assert.equal((await last).end.reason, "time is over");
});

test("Trace: a second one takes the place of the first, whose reader is told", async () => {
  await using process = await openProcess();
  const old = await read();
  await process.learned();
  const young = await read();
  assert.deepEqual(await old.first, {
    done: true,
    value: { reason: "another trace took its place", leftOut: 0 },
  });
  await process.learned();
  process.traces.write(phone.id, async () => "for the second");
  assert.equal((await young.first).value, "for the second");
  young.asked.abort();
  await rest(young.entries);
});

test("Trace: one whose reader was killed goes away by itself, entries and all", async () => {
  await using process = await openProcess();
  const { traces } = process;
  const wanted = { device: phone, minutes: 1, content: false };
  const killed = await followTrace(rig.database, clock, {
    ...wanted,
    signal: new AbortController().signal,
  });
  const first = killed.next();
  await process.learned();
  traces.write(phone.id, async () => "read");
  await first;
  // From here on nobody asks the generator again: its process is dead.
  traces.write(phone.id, async () => "never read");
  await traces.settled();
  assert.deepEqual([await rowsOf("traces"), await rowsOf("trace_entries")], [1, 1]);
  clock.advance(60_000 + traceGraceMs + 1);
  await traces.settled();
  assert.deepEqual([await rowsOf("traces"), await rowsOf("trace_entries")], [0, 0]);
  await killed.return({ reason: "time is over", leftOut: 0 });
});

test("Trace: a reader that stalls costs a bounded room, and learns how much it missed", async () => {
  await using process = await openProcess();
  const { traces } = process;
  const { asked, entries, first } = await read();
  await process.learned();
  traces.write(phone.id, async () => "first");
  await first;
  traces.write(phone.id, async () => "x".repeat(maxTraceEntryLength + 9));
  for (let i = 1; i < maxTraceEntries + 3; i++) traces.write(phone.id, async () => "short");
  await traces.settled();
  asked.abort();
  const { texts, end } = await rest(entries);
  assert.equal(texts.length, maxTraceEntries);
  assert.match(texts[0] ?? "", /x\n\(9 further characters are left out\)$/);
  assert.equal(end.leftOut, 3);
});

test("Trace: a process that starts meanwhile traces too", async () => {
  await using first = await openProcess();
  const { asked, entries, first: entry } = await read();
  await first.learned();
  await using second = await openProcess();
  second.traces.write(phone.id, async () => "from the second process");
  assert.equal((await entry).value, "from the second process");
  asked.abort();
  await rest(entries);
});

test("Issues: loops are counted, and listed beside what was left out", async () => {
  const loops = new LoopWatch({ sql: rig.database, clock, log: quiet });
  const failed = { command: "SendMail", http: 200, status: 120 };
  for (let i = 0; i < 6; i++) loops.note(phone, failed);
  loops.note(tablet, failed);
  await loops[Symbol.asyncDispose]();
  await devices.recordSkipped(phone, { collectionId: "f1", number: 7, reason: "cannot be read" });
  const all = await devices.issues();
  assert.deepEqual(
    all.map(({ device }) => device.deviceId),
    ["phone"],
  );
  const [{ kind, status, count } = assert.fail("no loop")] = all[0]?.loops ?? [];
  assert.deepEqual([kind, status, count], ["same failure", 120, 2]);
  assert.equal(all[0]?.skipped[0]?.number, 7);
  assert.deepEqual(
    (await devices.issues("TABLET")).map(({ loops: none }) => none),
    [[]],
  );
  assert.deepEqual(await devices.issues("nobody"), []);
});
