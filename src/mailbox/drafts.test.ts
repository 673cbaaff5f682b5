import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { addAccount, Gateway, type TestAccount } from "../../test/mailbox/gateway.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import type { MailBackend, MailSession, MailTransport } from "../backend.ts";
import { createMemoryBackend } from "../backends/memory/backend.ts";
import type { MemoryMailbox } from "../backends/memory/mailbox.ts";
import type { EmailData } from "../items/email/data.ts";
import { fromEasDraft } from "../items/email/draft-change.ts";
import { wholeOf } from "../kit/octets.ts";
import { listAliases, moveAlias } from "../store/aliases.ts";
import type { DraftEdit, DraftOutcome, DraftWish } from "./draft-wish.ts";
import type { EffectStep, SendStep } from "./intent-hold.ts";
import { goneAliasesKept, goneAliasesMost } from "./limits.ts";
import type { Mailbox } from "./mailbox.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const signal = new AbortController().signal;
const credential = { login: "ann", password: "secret", fingerprint: "f", clientAddress: "" };
const everything = { low: 1, high: 4_294_967_295 };
const minuteMs = 60_000;

/** What a test does when a version has just been appended. */
type AfterAppend = () => Promise<void> | void;

interface Scene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly server: MemoryMailbox;
  readonly gateway: Gateway;
  readonly drafts: string;
  readonly sent: readonly string[];
  afterAppend: AfterAppend;
  another(laterMs?: number): Gateway;
}

async function scene({ tellsNumbers = true } = {}): Promise<Scene> {
  const account = await addAccount(database);
  const memory = createMemoryBackend();
  const server = memory.addUser(credential.login, credential.password);
  const sent: string[] = [];
  const transport: MailTransport = {
    send: async (_credential, { mime }) => void sent.push((await wholeOf(mime)).toString()),
    probe: async () => ({ capabilities: [] }),
    [Symbol.asyncDispose]: async () => {},
  };
  const hook: { afterAppend: AfterAppend } = { afterAppend: () => {} };
  const backend = withAppend(memory, async (number) => {
    await hook.afterAppend();
    return tellsNumbers ? number : undefined;
  });
  const gateways: Gateway[] = [];
  const another = (laterMs = 0): Gateway => {
    const nowMs = Date.UTC(2026, 10, 24) + laterMs;
    gateways.push(new Gateway(database, { backend, transport }, { credential, nowMs }));
    return gateways.at(-1)!;
  };
  const gateway = another();
  await using mailbox = await gateway.open(account);
  const position = await (await mailbox.hierarchy()).position();
  const serials = Array.from({ length: position.next }, (_, at) => at);
  const drafts = (await mailbox.foldersOf(serials)).find(({ type }) => type === 3)!;
  return Object.assign(hook, {
    account,
    server,
    gateway,
    sent,
    another,
    drafts: drafts.collectionId,
    [Symbol.asyncDispose]: async () => {
      for (const each of gateways) await each[Symbol.asyncDispose]();
    },
  });
}

/** The same backend, with something after each append, and another answer to it. */
function withAppend(
  backend: MailBackend,
  then: (number: number | undefined) => Promise<number | undefined>,
): MailBackend {
  const of = <Target extends object>(target: Target, name: string, other: unknown): Target =>
    new Proxy(target, {
      get: (own, key) => {
        if (key === name) return other;
        const value: unknown = Reflect.get(own, key, own);
        return typeof value === "function" ? value.bind(own) : value;
      },
    });
  const open: MailBackend["open"] = async (...request) => {
    const session = await backend.open(...request);
    const append: MailSession["append"] = async (...mail) =>
      await then(await session.append(...mail));
    return of(session, "append", append);
  };
  return of(backend, "open", open);
}

function wish(at: Scene, data: EmailData, more: Partial<DraftWish> = {}): DraftWish {
  return {
    deviceId: at.account.deviceId,
    collectionId: at.drafts,
    name: "c1",
    syncKey: "k1",
    contents: Buffer.from(JSON.stringify(data)),
    change: fromEasDraft(data),
    flags: {},
    ...more,
  };
}

function edit(
  at: Scene,
  number: number,
  data: EmailData,
  more: Partial<DraftEdit> = {},
): DraftEdit {
  const name = `${at.drafts}:${number}`;
  const own = { number, epoch: "", knownUid: number, clientWins: false };
  return { ...wish(at, data, { name }), ...own, ...more };
}

async function on<Result>(
  at: Scene,
  gateway: Gateway,
  work: (mailbox: Mailbox) => Promise<Result>,
): Promise<Result> {
  await using mailbox = await gateway.open(at.account);
  return await work(mailbox);
}

const words = (text: string): EmailData => ({ Subject: text, Body: { Type: 1, Data: text } });

const add = (at: Scene, what: DraftWish, gateway = at.gateway) =>
  on(at, gateway, (mailbox) => mailbox.addDraft(what, signal));
const change = (at: Scene, what: DraftEdit, gateway = at.gateway) =>
  on(at, gateway, (mailbox) => mailbox.changeDraft(what, signal));
const send = (at: Scene, what: DraftEdit, gateway = at.gateway) =>
  on(at, gateway, (mailbox) => mailbox.sendDraft(what, signal));

function keptOf(outcome: DraftOutcome) {
  assert.ok(outcome.kind === "kept", `the draft is kept, not "${outcome.kind}"`);
  return outcome;
}

/** Subjects of a folder on the server, by UID. */
function subjects(at: Scene, path = "Drafts"): string[] {
  const mails = [...at.server.folderAt(path).mails.values()];
  return mails.map(({ message }) => message.envelope.subject);
}

/** What a device would be told now: numbers with their subjects. */
async function shown(at: Scene, gateway = at.gateway): Promise<[number, string][]> {
  return await on(at, gateway, async (mailbox) => {
    const feed = await mailbox.feed(at.drafts);
    await feed.position();
    const { items } = await feed.newest(everything, 100);
    const listed = await mailbox.list(
      at.drafts,
      items.map(({ number }) => number),
    );
    return listed.map(({ number, envelope }) => [number, envelope.subject]);
  });
}

/** Works until the named point and never goes on: a process that was killed there. */
async function dieAt(
  step: EffectStep | SendStep | "appended to Drafts",
  at: Scene,
  work: () => Promise<unknown>,
): Promise<void> {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const stop = async (): Promise<void> => {
    resolve();
    await new Promise(() => {});
  };
  at.gateway.checkpoint = async (each) => {
    if (each === step) await stop();
  };
  if (step === "appended to Drafts") at.afterAppend = stop;
  void work();
  await reached;
  at.afterAppend = () => {};
  at.gateway.clock.forget();
}

suite("A draft that is repeated after a crash", () => {
  for (const step of ["add intended", "appended to Drafts", "add done", "add kept"] as const) {
    test(`is there once when it was added until "${step}"`, async () => {
      await using at = await scene();
      const what = wish(at, words("one"));
      await dieAt(step, at, () => add(at, what));
      const next = at.another(minuteMs);
      const { number } = keptOf(await add(at, what, next));
      assert.deepEqual(await shown(at, next), [[number, "one"]]);
      assert.equal(keptOf(await add(at, what, next)).number, number);
    });
  }

  const steps = [
    "change intended",
    "appended to Drafts",
    "change aliased",
    "change done",
    "change kept",
  ] as const;
  for (const step of steps) {
    test(`has one version under its number when it was changed until "${step}"`, async () => {
      await using at = await scene();
      const { number } = keptOf(await add(at, wish(at, words("one"))));
      const what = edit(at, number, words("two"));
      await dieAt(step, at, () => change(at, what));
      const next = at.another(minuteMs);
      assert.equal(keptOf(await change(at, what, next)).number, number);
      assert.deepEqual([subjects(at), await shown(at, next)], [["two"], [[number, "two"]]]);
    });
  }

  test("takes the last text when the phone wrote on meanwhile, without a second draft", async () => {
    await using at = await scene();
    const { number } = keptOf(await add(at, wish(at, words("one"))));
    const before = edit(at, number, words("two"));
    await dieAt("appended to Drafts", at, () => change(at, before));
    const next = at.another(minuteMs);
    await change(at, edit(at, number, words("three")), next);
    assert.deepEqual([subjects(at), await shown(at, next)], [["three"], [[number, "three"]]]);
  });

  const sending: readonly (readonly [SendStep, number])[] = [
    ["accepted", 1],
    ["delivered", 2],
    ["sent", 1],
    ["appended", 1],
    ["filed", 1],
  ];
  for (const [step, most] of sending) {
    test(`is sent ${most === 1 ? "once" : "once or twice"} and is no draft when it was sent until "${step}"`, async () => {
      await using at = await scene();
      const { number } = keptOf(await add(at, wish(at, words("one"))));
      const what = edit(at, number, { ...words("two"), To: "bob@example.test" });
      await dieAt(step, at, () => send(at, what));
      const next = at.another(minuteMs);
      assert.deepEqual(await send(at, what, next), { kind: "sent" });
      assert.equal(at.sent.length, most);
      assert.deepEqual([subjects(at), subjects(at, "Sent")], [[], ["two"]]);
      assert.deepEqual(await send(at, what, next), { kind: "sent" });
      assert.equal(at.sent.length, most);
      const ids = at.sent.map((mime) => /^Message-ID: (.*)$/m.exec(mime)?.[1]);
      assert.equal(new Set(ids).size, 1);
    });
  }
});

test("A draft that another device wrote on while it was sent stays with that device's words", async () => {
  for (const step of ["accepted", "filed"] as const) {
    await using at = await scene();
    const { number } = keptOf(await add(at, wish(at, words("one"))));
    const other = await addAccount(database);
    const what = edit(at, number, { ...words("sent"), To: "bob@example.test" });
    at.gateway.checkpoint = async (each) => {
      if (each !== step) return;
      at.gateway.checkpoint = () => {};
      const { deviceId } = other;
      await change(at, edit(at, number, words("theirs"), { deviceId }), at.another());
    };
    assert.deepEqual(await send(at, what), { kind: "sent" });
    assert.deepEqual([await shown(at), at.sent.length], [[[number, "theirs"]], 1]);
    assert.deepEqual(await send(at, what), { kind: "sent" });
    assert.deepEqual([await shown(at), at.sent.length], [[[number, "theirs"]], 1]);
  }
});

test("A draft that two devices send at the same moment is sent once, and the other one's words stay beside", async () => {
  for (const step of ["accepted", "filed"] as const) {
    await using at = await scene();
    const { number } = keptOf(await add(at, wish(at, words("one"))));
    const { deviceId } = await addAccount(database);
    const To = "bob@example.test";
    const other = at.another();
    const theirs = edit(at, number, { ...words("theirs"), To }, { deviceId });
    let sent: Promise<DraftOutcome> | undefined;
    at.gateway.checkpoint = async (each) => {
      if (each !== step) return;
      at.gateway.checkpoint = () => {};
      sent = send(at, theirs, other);
      // While the first one is at work it waits; what was sent is gone at once.
      if (step === "filed") await sent;
      else while (other.clock.pending() === 0) await setImmediate();
    };
    const ours = edit(at, number, { ...words("ours"), To });
    assert.deepEqual(await send(at, ours), { kind: "sent" });
    other.clock.advance(1000);
    assert.deepEqual(await sent, { kind: "gone" });
    for (const what of [theirs, ours]) await send(at, what, at.another());
    const folders = ["Drafts", "Sent"].map((path) => subjects(at, path));
    assert.deepEqual([at.sent.length, ...folders], [1, ["theirs"], ["ours"]]);
  }
});

test("A draft that was changed after a sending that failed is sent once, whoever sends it then", async () => {
  await using at = await scene();
  const { number } = keptOf(await add(at, wish(at, words("one"))));
  const To = "bob@example.test";
  const ours = edit(at, number, { Subject: "ours", To });
  await dieAt("accepted", at, () => send(at, ours));
  const next = at.another(minuteMs);
  const { uid } = keptOf(await change(at, edit(at, number, words("two")), next));
  const { deviceId } = await addAccount(database);
  const theirs = edit(at, number, { To }, { deviceId, knownUid: uid });
  next.checkpoint = async (each) => {
    if (each !== "filed") return;
    next.checkpoint = () => {};
    assert.deepEqual(await send(at, theirs, at.another(minuteMs)), { kind: "gone" });
  };
  assert.deepEqual(await send(at, ours, next), { kind: "sent" });
  const folders = ["Drafts", "Sent"].map((path) => subjects(at, path));
  assert.deepEqual([at.sent.length, ...folders], [1, [], ["ours"]]);
});

for (const step of ["accepted", "sent"] as const) {
  test(`A draft whose sender ended at "${step}" is sent by one device, once`, async () => {
    await using at = await scene();
    const { number } = keptOf(await add(at, wish(at, words("one"))));
    const { deviceId } = await addAccount(database);
    const To = "bob@example.test";
    const ours = edit(at, number, { ...words("ours"), To });
    await dieAt(step, at, () => send(at, ours));
    const next = at.another(minuteMs);
    const theirs = edit(at, number, { ...words("theirs"), To }, { deviceId });
    const isTheirs = step === "accepted";
    assert.deepEqual(await send(at, theirs, next), { kind: isTheirs ? "sent" : "conflict" });
    assert.deepEqual(await send(at, ours, next), { kind: isTheirs ? "gone" : "sent" });
    const folders = ["Drafts", "Sent"].map((path) => subjects(at, path));
    const [left, filed] = isTheirs ? ["ours", "theirs"] : ["theirs", "ours"];
    assert.deepEqual([at.sent.length, ...folders], [1, [left], [filed]]);
  });
}

test("A server that tells no numbers is asked for them", async () => {
  await using at = await scene({ tellsNumbers: false });
  const { number } = keptOf(await add(at, wish(at, words("one"))));
  keptOf(await change(at, edit(at, number, words("two"))));
  assert.deepEqual([subjects(at), await shown(at)], [["two"], [[number, "two"]]]);
});

test("Two processes that change one draft at once: the second text stays beside the first, or replaces it", async () => {
  for (const clientWins of [false, true]) {
    await using at = await scene();
    const { number } = keptOf(await add(at, wish(at, words("one"))));
    const other = await addAccount(database);
    const first = { deviceId: other.deviceId };
    at.gateway.checkpoint = async (step) => {
      if (step !== "change intended") return;
      at.gateway.checkpoint = () => {};
      await change(at, edit(at, number, words("theirs"), first), at.another());
    };
    const outcome = await change(at, edit(at, number, words("ours"), { clientWins }));
    assert.equal(outcome.kind, clientWins ? "kept" : "conflict");
    const expected = clientWins ? ["ours"] : ["theirs", "ours"];
    assert.deepEqual(subjects(at).toSorted(), expected.toSorted());
    const own = (await shown(at)).find(([each]) => each === number);
    assert.deepEqual(own, [number, clientWins ? "ours" : "theirs"]);
  }
});

test("Who looks while a version is halfway is told one draft, in the same process and in another", async () => {
  for (const isSame of [true, false]) {
    await using at = await scene();
    const { number } = keptOf(await add(at, wish(at, words("one"))));
    const looking = isSame ? at.gateway : at.another();
    let looked: Promise<[number, string][]> | undefined;
    at.afterAppend = () => {
      looked = shown(at, looking);
    };
    await change(at, edit(at, number, words("two")));
    const waiting = setInterval(() => looking.clock.advance(minuteMs / 60), 5);
    try {
      assert.deepEqual(await looked, [[number, "two"]]);
    } finally {
      clearInterval(waiting);
    }
  }
});

test("References to parts of earlier versions name the same parts, or nothing", async () => {
  await using at = await scene();
  const file = (ClientId: string) => {
    const Content = Buffer.from(ClientId);
    return { Add: { ClientId, Method: 1, Content, DisplayName: ClientId } };
  };
  const data: EmailData = { ...words("one"), Attachments: [file("a"), file("b")] };
  const { number, added } = keptOf(await add(at, wish(at, data)));
  const [a, b] = added.map(({ reference }) => reference);
  const first = { Attachments: [{ Delete: { FileReference: a! } }, file("c")] };
  const [c] = keptOf(await change(at, edit(at, number, first))).added;
  const syncKey = "k2";
  const second = { ...words("three"), Attachments: [{ Delete: { FileReference: c!.reference } }] };
  keptOf(await change(at, edit(at, number, second, { syncKey })));
  await on(at, at.gateway, async (mailbox) => {
    assert.equal(await mailbox.resolve(a!), undefined);
    assert.equal(await mailbox.resolve(c!.reference), undefined);
    const found = await mailbox.resolve(b!);
    assert.equal(found?.number, number);
    const octets = Buffer.concat(await Array.fromAsync((await mailbox.openPart(found))!));
    assert.equal(Buffer.from(octets.toString(), "base64").toString(), "b");
    const name = await mailbox.references({ collectionId: at.drafts });
    const current = name(number, found.section);
    assert.deepEqual(await mailbox.resolve(current), found);
    const whole = await mailbox.resolve(b!.replace(/:[^:]*$/, ""));
    assert.equal(whole?.number, number);
  });
});

test("Of texts that a phone saw no answers to the one holds that it sent last", async () => {
  await using at = await scene();
  const one = wish(at, words("one"));
  const { number } = keptOf(await add(at, one));
  keptOf(await add(at, wish(at, words("two"))));
  assert.equal(keptOf(await add(at, one)).number, number);
  assert.deepEqual([subjects(at), await shown(at)], [["one"], [[number, "one"]]]);
  for (const text of ["three", "four", "three", "three"]) {
    keptOf(await change(at, edit(at, number, words(text), { syncKey: "k2" })));
    assert.deepEqual(await shown(at), [[number, text]]);
  }
});

test("A ClientId that is used again under another key names another draft, unless the one of before is as it was", async () => {
  await using at = await scene();
  const one = wish(at, words("one"));
  const { number } = keptOf(await add(at, one));
  assert.equal(keptOf(await add(at, { ...one, syncKey: "k2" })).number, number);
  keptOf(await change(at, edit(at, number, words("changed"), { syncKey: "k2" })));
  const other = keptOf(await add(at, { ...one, syncKey: "k3" }));
  assert.equal(keptOf(await add(at, { ...one, syncKey: "k3" })).number, other.number);
  assert.deepEqual(await shown(at), [
    [other.number, "one"],
    [number, "changed"],
  ]);
  await on(at, at.gateway, async (mailbox) => mailbox.remove(at.drafts, [other.number], false));
  const third = keptOf(await add(at, { ...one, syncKey: "k4" }));
  assert.deepEqual(await shown(at), [
    [third.number, "one"],
    [number, "changed"],
  ]);
});

test("A file that is added to a draft which another device changed is in a draft of its own", async () => {
  await using at = await scene();
  const { number } = keptOf(await add(at, wish(at, words("one"))));
  const { deviceId } = await addAccount(database);
  keptOf(await change(at, edit(at, number, words("theirs"), { deviceId })));
  const Add = { ClientId: "a", Method: 1, Content: Buffer.from("a"), DisplayName: "plan.csv" };
  const files: EmailData = { Subject: "ours", Attachments: [{ Add }] };
  assert.deepEqual(await change(at, edit(at, number, files)), { kind: "conflict" });
  assert.deepEqual(subjects(at).toSorted(), ["ours", "theirs"]);
});

test("Of many drafts that were changed and sent only the last ones are remembered, and a device still hears of all", async () => {
  await using at = await scene();
  const { number } = keptOf(await add(at, wish(at, words("one"))));
  keptOf(await change(at, edit(at, number, words("two"))));
  const { epoch } = await on(at, at.gateway, async (mailbox) =>
    (await mailbox.feed(at.drafts)).position(),
  );
  const scope = { accountId: at.account.id, serial: Number(at.drafts.slice(1)), epoch };
  const folder = at.server.folderAt("Drafts");
  for (let gone = 0; gone <= goneAliasesMost; gone++) {
    const uid = 1_000 + 2 * gone;
    const alias = { number: uid, uid: uid + 1, editor: null, parts: {} };
    await moveAlias(database, scope, { ...alias, from: uid });
  }
  folder.next = 5_000;
  const goneNow = async () =>
    await on(at, at.gateway, async (mailbox) => {
      const feed = await mailbox.feed(at.drafts);
      const position = await feed.position();
      return (await feed.changed(everything, { ...position, mark: 0n })).gone;
    });
  const isNamed = (gone: readonly { low: number; high: number }[], one: number) =>
    gone.some(({ low, high }) => low <= one && one <= high);
  const looks = [await goneNow(), await goneNow()];
  const rows = await listAliases(database, scope);
  assert.equal(rows.length, goneAliasesKept + 2, "with the mark and the draft that is there");
  for (const gone of looks) {
    for (const one of [1_000, 1_000 + 2 * goneAliasesMost]) assert.ok(isNamed(gone, one));
    assert.ok(!isNamed(gone, number));
  }
  const syncKey = "k2";
  keptOf(await change(at, edit(at, number, words("three"), { syncKey })));
  assert.deepEqual([subjects(at), await shown(at)], [["three"], [[number, "three"]]]);
});

test("A draft that has gone leaves the device's words in a draft of their own, and nothing without words", async () => {
  await using at = await scene();
  const { number } = keptOf(await add(at, wish(at, words("one"))));
  at.server.expunge("Drafts", number);
  assert.deepEqual(await change(at, edit(at, number, { Subject: "two" })), { kind: "gone" });
  assert.deepEqual(subjects(at), []);
  const what = edit(at, number, words("three"));
  assert.deepEqual(await change(at, what), { kind: "conflict" });
  assert.deepEqual(await change(at, what), { kind: "conflict" });
  assert.deepEqual(subjects(at), ["three"]);
  const sending = edit(at, number, words("four"), { syncKey: "k2" });
  assert.deepEqual(await send(at, sending), { kind: "gone" });
  assert.deepEqual([subjects(at), at.sent], [["three", "four"], []]);
});

test("The number of a draft in a folder that was numbered anew is another mail's: the words go beside it", async () => {
  await using at = await scene();
  const { number } = keptOf(await add(at, wish(at, words("one"))));
  const epoch = "before";
  const subject = edit(at, number, { Subject: "two" }, { epoch });
  assert.deepEqual(await change(at, subject), { kind: "gone" });
  assert.deepEqual(await send(at, subject), { kind: "gone" });
  const text = edit(at, number, words("three"), { epoch });
  assert.deepEqual(await change(at, text), { kind: "conflict" });
  assert.deepEqual([subjects(at), at.sent], [["one", "three"], []]);
});
