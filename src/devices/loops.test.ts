import assert from "node:assert/strict";
import { test } from "node:test";
import { loopWindowMs } from "./limits.ts";
import { follow, type AnsweredCommand, type History, type Loop } from "./loops.ts";

type Step = Omit<AnsweredCommand, "at" | "status"> & {
  readonly status?: number;
  readonly at?: number;
};

function step(command: string, status?: number, http = 200): Step {
  return { command, http, ...(status === undefined ? {} : { status }) };
}

/** The loops that a device is seen in, one step a second. */
function seen(steps: readonly Step[]): readonly (Loop & { readonly after: number })[] {
  let history: History = [];
  return steps.flatMap((one, index) => {
    const next = follow(history, { status: undefined, at: index * 1_000, ...one });
    history = next.history;
    return next.loop === undefined ? [] : [{ ...next.loop, after: index + 1 }];
  });
}

const invalidKey = step("Sync", 3);
const folders = step("FolderSync", 1);
const changed = step("Ping", 2);

test("Loops: Sync fails, FolderSync, Sync fails is one, whatever comes between", () => {
  assert.deepEqual(seen([invalidKey, step("Ping", 1), folders, step("Settings", 1), invalidKey]), [
    { kind: "sync fails after folder sync", status: 3, after: 5 },
  ]);
});

test("Loops: a Sync that succeeds after FolderSync is none, nor is one that fails for its items", () => {
  assert.deepEqual(seen([invalidKey, folders, step("Sync"), folders, invalidKey]), []);
  const gone = step("Sync", 8);
  assert.deepEqual(seen([gone, folders, gone, folders, gone]), []);
});

test("Loops: three Pings told of changes without a Sync are one, seen once", () => {
  assert.deepEqual(seen([changed, folders, changed, step("Ping", 1), changed, changed]), [
    { kind: "ping without sync", status: undefined, after: 5 },
  ]);
});

test("Loops: a Sync in between, even one that fails, is an answer to the Ping", () => {
  assert.deepEqual(
    seen([changed, changed, step("Sync"), changed, changed, invalidKey, changed]),
    [],
  );
});

test("Loops: the same failure three times is one, unless the command succeeds in between", () => {
  const refused = step("SendMail", 120);
  assert.deepEqual(seen([refused, refused, refused]), [
    { kind: "same failure", status: 120, after: 3 },
  ]);
  assert.deepEqual(seen([refused, refused, step("SendMail"), refused, refused]), []);
  assert.deepEqual(seen([refused, refused, step("SendMail", 115)]), []);
});

test("Loops: an HTTP status counts where there is no Status", () => {
  const broken = step("Sync", undefined, 400);
  assert.deepEqual(seen([broken, broken, broken]), [
    { kind: "same failure", status: 400, after: 3 },
  ]);
});

test("Loops: wrong passwords, hang-ups and servers that are away are no fault of a device", () => {
  for (const http of [401, 499, 503]) {
    assert.deepEqual(seen(Array.from({ length: 9 }, () => step("Sync", undefined, http))), []);
  }
  assert.deepEqual(seen(Array.from({ length: 9 }, () => step("Sync", 111))), []);
});

test("Loops: a device that is sent to Provision, comes, and is sent again is one", () => {
  const sent = step("Sync", 142);
  const came = [step("Provision", 1), step("Provision", 1)];
  assert.deepEqual(seen([sent, ...came, sent]), []);
  const found = seen([sent, ...came, sent, ...came, sent, ...came, sent]);
  assert.deepEqual(found, [{ kind: "provision again", status: 142, after: 10 }]);
});

test("Loops: what is longer ago than the window is forgotten", () => {
  const later = { ...invalidKey, at: loopWindowMs + 1 };
  assert.deepEqual(seen([invalidKey, { ...folders, at: 2 }, later]), []);
});

test("Loops: a loop that goes on is seen again each time round", () => {
  const steps = Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? invalidKey : folders));
  assert.deepEqual(
    seen(steps).map(({ after }) => after),
    [3, 7, 11],
  );
});
