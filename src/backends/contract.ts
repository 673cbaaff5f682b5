/** What backend.ts and feed.ts promise of mail, as one suite for every backend. */
/* oxlint-disable max-lines, max-lines-per-function -- tests, which may be longer */
import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { suite, test, type TestContext } from "node:test";
import {
  BackendError,
  BackendUnavailable,
  LoginRefused,
  type BackendFault,
  type Credential,
  type FlagChange,
  type MailBackend,
  type MailSession,
  type RemoteFolder,
  type SearchHit,
  type WatchEvent,
} from "../backend.ts";
import { EpochPassed, type NumberRange } from "../feed.ts";
import { noFlags, type MailFlags, type MailItem } from "../items/email/message.ts";
import { mailVersion } from "../items/email/version.ts";
import type { Condition, TextField } from "../items/search/condition.ts";
import { joined, octetsOf, wholeOf, type Octets } from "../kit/octets.ts";

/** Another client of the same mailbox. */
export interface OtherClient {
  /** Appends a mail; returns its number. */
  deliver(
    mime: Buffer,
    where?: { readonly path?: string; readonly received?: Date },
  ): Promise<number>;
  flag(path: string, number: number, change: { readonly seen: boolean }): Promise<void>;
  expunge(path: string, number: number): Promise<void>;
  move(path: string, number: number, toPath: string): Promise<void>;
}

/** A backend with one user whose mailbox is empty. */
export interface Subject extends AsyncDisposable {
  readonly backend: MailBackend;
  readonly credential: Credential;
  readonly other: OtherClient;
}

/** What a server cannot, with the sentence that is printed. */
export type Lacks = Partial<
  Record<
    | "conflicts"
    | "decoded texts"
    | "flag hints"
    | "identities"
    | "quiet marks"
    | "quoted names"
    | "wildcard names",
    string
  >
>;

const forever = new AbortController().signal;
const accountId = "account";
const dayMs = 86_400_000;
const everything = { low: 1, high: 0xffff_ffff };

/** A hint that never comes must fail its test, not hold the run. */
const patience = { timeout: 60_000 };

interface Scene extends Subject {
  readonly session: MailSession;
}

/** Runs the suite; each test opens a subject of its own. */
export function mailBackendContract(
  name: string,
  open: () => Promise<Subject>,
  lacks: Lacks = {},
): void {
  /** A test with an open session on a mailbox of its own. */
  const scene = (
    title: string,
    run: (scene: Scene, context: TestContext) => Promise<void>,
    lacking?: keyof Lacks,
  ): void => {
    const skip = (lacking === undefined ? undefined : lacks[lacking]) ?? false;
    test(title, { ...patience, skip }, async (context) => {
      await using subject = await open();
      const { backend, credential } = subject;
      await using session = await backend.open(accountId, credential, forever);
      await run({ ...subject, session }, context);
    });
  };
  suite(`Contract of a mail backend: ${name}`, () => {
    folders(scene);
    positions(scene);
    changed(scene);
    windows(scene);
    reading(scene);
    searching(scene);
    flags(scene);
    moving(scene);
    watching(scene);
    sessions(scene);
  });
}

type Declare = (
  title: string,
  run: (scene: Scene, context: TestContext) => Promise<void>,
  lacking?: keyof Lacks,
) => void;

function folders(scene: Declare): void {
  scene("INBOX is there, with an identity that stays", async ({ session }) => {
    const inbox = await folderAt(session, "INBOX");
    assert.deepEqual(
      [inbox.type, inbox.parentPath, inbox.displayName, inbox.selectable, inbox.next],
      ["inbox", "", "INBOX", true, 1],
    );
    assert.notEqual(inbox.epoch, "");
    assert.deepEqual(await folderAt(session, "INBOX"), inbox);
  });
  scene("Drafts, Sent and Trash are known for what they are, each once", async ({ session }) => {
    const types = (await session.folders()).map(({ type }) => type).filter((t) => t !== "user");
    assert.deepEqual(types.toSorted(), ["drafts", "inbox", "sent", "trash"]);
  });
  scene("A folder is created once, below its parent", async ({ session }) => {
    const path = "Büro & Co/日本 (1)";
    await session.createFolder("Büro & Co", "user");
    const made = await session.createFolder(path, "user");
    assert.deepEqual(
      [made.path, made.parentPath, made.displayName, made.type, made.selectable],
      [path, "Büro & Co", "日本 (1)", "user", true],
    );
    assert.deepEqual(await session.createFolder(path, "user"), made);
    assert.deepEqual(await folderAt(session, path), made);
  });
  scene(
    "A folder's name may have wildcards and backslashes",
    async ({ session }) => {
      const made = await session.createFolder("a \\ * %", "user");
      assert.deepEqual(await folderAt(session, "a \\ * %"), made);
    },
    "wildcard names",
  );
  scene(
    "A folder's name may have quotes",
    async ({ session }) => {
      const made = await session.createFolder('a "b"', "user");
      assert.equal((await folderAt(session, 'a "b"')).epoch, made.epoch);
    },
    "quoted names",
  );
  scene(
    "Each folder has a key of its own",
    async ({ session }) => {
      await session.createFolder("One", "user");
      const keys = (await session.folders()).flatMap((folder) =>
        folder.selectable ? [folder.remoteKey] : [],
      );
      assert.ok(!keys.includes("") && new Set(keys).size === keys.length, keys.join(" "));
    },
    "identities",
  );
  scene("A renamed folder keeps its mails and those below it", async ({ session, other }) => {
    await session.createFolder("Work", "user");
    const path = await session.childPath("Work", "Plans & Pläne");
    const before = await session.createFolder(path, "user");
    await other.deliver(mailOf("kept"), { path });
    await session.createFolder("Attic", "user");
    const to = await session.childPath("Attic", "Büro");
    await session.renameFolder("Work", to);
    const moved = await folderAt(session, await session.childPath(to, "Plans & Pläne"));
    assert.deepEqual(
      [moved.displayName, moved.epoch, moved.remoteKey],
      ["Plans & Pläne", before.epoch, before.remoteKey],
    );
    assert.deepEqual(await subjectsIn(session, moved.path), ["kept"]);
    assert.ok(!(await session.folders()).some((folder) => folder.path === "Work"));
    await assert.rejects(session.renameFolder("Attic", "Sent"), faulty("exists"));
    await assert.rejects(session.renameFolder("Work", "Job"), faulty("no such folder"));
  });
  scene("A name that would be a path is one folder's name", async ({ session }) => {
    const path = await session.childPath("", "2026/27");
    const made = await session.createFolder(path, "user");
    assert.deepEqual([made.path, made.parentPath, made.displayName], [path, "", "2026-27"]);
  });
  scene("A deleted folder is gone with its mails; made again it is another", async (given) => {
    const { session, other } = given;
    const before = await session.createFolder("Work", "user");
    await other.deliver(mailOf("lost"), { path: "Work" });
    assert.deepEqual(await subjectsIn(session, "Work"), ["lost"]);
    await session.deleteFolder("Work");
    assert.ok(!(await session.folders()).some((folder) => folder.path === "Work"));
    await assert.rejects(session.deleteFolder("Work"), faulty("no such folder"));
    const after = await session.createFolder("Work", "user");
    assert.notDeepEqual([after.remoteKey, after.epoch], [before.remoteKey, before.epoch]);
    assert.deepEqual(await subjectsIn(session, "Work"), []);
  });
  scene("A folder made anew since its position was told is told as such", async (given) => {
    const { session, other } = given;
    await session.createFolder("Work", "user");
    await other.deliver(mailOf("lost"), { path: "Work" });
    const feed = session.feed("Work");
    const known = await feed.position();
    await session.deleteFolder("Work");
    await session.createFolder("Work", "user");
    await other.deliver(mailOf("another"), { path: "Work" });
    await assert.rejects(feed.changed(everything, known), EpochPassed);
    await assert.rejects(feed.newest(everything, 10), EpochPassed);
    await assert.rejects(feed.within(everything, 0), EpochPassed);
    await assert.rejects(feed.withinKnown([everything], 0), EpochPassed);
    assert.notEqual((await feed.position()).epoch, known.epoch);
    assert.equal((await feed.newest(everything, 10)).items.length, 1);
  });
  scene("A folder that is not there is told as such", async ({ session, other }) => {
    const number = await other.deliver(mailOf("a"));
    const refused = faulty("no such folder");
    await assert.rejects(session.feed("None").position(), refused);
    await assert.rejects(session.list("None", [1]), refused);
    await assert.rejects(session.setFlags("None", [{ number: 1, seen: true }]), refused);
    await assert.rejects(session.append("None", mailOf("b"), {}), refused);
    await assert.rejects(session.move("INBOX", [number], "None"), refused);
    assert.deepEqual(await subjectsIn(session, "INBOX"), ["a"]);
  });
}

function positions(scene: Declare): void {
  scene("Arrivals, flags and deletions move the position", async ({ session, other }) => {
    const feed = session.feed("INBOX");
    const empty = await feed.position();
    const inbox = await folderAt(session, "INBOX");
    assert.deepEqual([empty.epoch, empty.next, empty.count], [inbox.epoch, inbox.next, 0]);
    const number = await other.deliver(mailOf("a"));
    await other.deliver(mailOf("b"));
    const two = await feed.position();
    assert.ok(two.mark > empty.mark && two.next > number + 1);
    assert.equal(two.count, 2);
    await other.flag("INBOX", number, { seen: true });
    const flagged = await feed.position();
    assert.ok(flagged.mark > two.mark);
    await other.expunge("INBOX", number);
    const less = await feed.position();
    assert.ok(less.mark >= flagged.mark);
    assert.deepEqual([less.epoch, less.next, less.count], [empty.epoch, two.next, 1]);
  });
}

function changed(scene: Declare): void {
  scene(
    "Nothing changed: nothing is told",
    async ({ session, other }) => {
      await other.deliver(mailOf("a"));
      const known = await session.feed("INBOX").position();
      await session.feed("INBOX").position();
      const { items, gone } = await session.feed("INBOX").changed(everything, known);
      assert.deepEqual([items.length, covers(gone, known.next - 1)], [0, false]);
    },
    "quiet marks",
  );
  scene("What came, changed and went since a mark, once each", async ({ session, other }) => {
    const numbers = await deliverAll(other, ["old", "flagged", "gone"]);
    const [old = 0, flagged = 0, went = 0] = numbers;
    const known = await session.feed("INBOX").position();
    await other.flag("INBOX", flagged, { seen: true });
    await other.expunge("INBOX", went);
    const fresh = await other.deliver(mailOf("new"));
    const feed = session.feed("INBOX");
    await feed.position();
    const { items, gone } = await feed.changed(everything, known);
    const versions = new Map(items.map(({ number, version }) => [number, version]));
    assert.equal(versions.size, items.length);
    assert.equal(versions.get(flagged), versionOf({ seen: true }));
    assert.equal(versions.get(fresh), versionOf({}));
    assert.ok(covers(gone, went));
    for (const there of [old, flagged, fresh]) assert.ok(!covers(gone, there), `${there}`);
  });
  scene("A range limits what is told", async ({ session, other }) => {
    const [one = 0, two = 0, three = 0] = await deliverAll(other, ["1", "2", "3"]);
    const known = await session.feed("INBOX").position();
    for (const number of [one, two, three]) await other.flag("INBOX", number, { seen: true });
    const feed = session.feed("INBOX");
    await feed.position();
    const { items } = await feed.changed({ low: two, high: two }, known);
    assert.deepEqual(
      items.map(({ number }) => number),
      [two],
    );
  });
}

function windows(scene: Declare): void {
  scene(
    "The newest come first, and steps down reach each item once",
    async ({ session, other }) => {
      const subjects = Array.from({ length: 25 }, (_, index) => `mail ${index}`);
      const numbers = await deliverAll(other, subjects);
      for (const number of numbers.slice(5, 15)) await other.expunge("INBOX", number);
      const feed = session.feed("INBOX");
      const { next } = await feed.position();
      const seen: number[] = [];
      for (let high = next - 1; high >= 1;) {
        const { items, reached } = await feed.newest({ low: 1, high }, 4);
        assert.ok(items.length <= 16 && reached <= high);
        seen.push(...items.map(({ number }) => number));
        high = reached - 1;
      }
      assert.deepEqual(seen, [...numbers.slice(0, 5), ...numbers.slice(15)].toReversed());
    },
  );
  scene("The window of days is that of arrival, in UTC", async ({ session, other }) => {
    const today = 20_000;
    const days = [-40, -8, -1, 0, 0];
    const numbers: number[] = [];
    for (const day of days) {
      const received = new Date((today + day) * dayMs + 3_600_000);
      numbers.push(await other.deliver(mailOf(`day ${day}`), { received }));
    }
    const feed = session.feed("INBOX");
    await feed.position();
    const inside = async (day: number) => {
      const ranges = await feed.within(everything, today + day);
      return numbers.filter((number) => covers(ranges, number));
    };
    assert.deepEqual(await inside(-7), numbers.slice(2));
    assert.deepEqual(await inside(0), numbers.slice(3));
    const [first = 0, , third = 0, fourth = 0] = numbers;
    const known = [
      { low: first, high: first },
      { low: third, high: fourth },
    ];
    const kept = await feed.withinKnown(known, today - 7);
    assert.deepEqual(
      numbers.filter((number) => covers(kept, number)),
      [third, fourth],
    );
    const { items } = await feed.newest(everything, 10);
    assert.deepEqual(
      items.map(({ day }) => day - today),
      days.toReversed(),
    );
  });
}

function reading(scene: Declare): void {
  scene("Items are described without their bodies; what is gone is left out", async (given) => {
    const { session, other } = given;
    const received = new Date(1_700_000_000_000);
    const mime = mailOf("Grüße", { references: "<x@y> <z@y>" });
    const number = await other.deliver(mime, { received });
    const gone = await other.deliver(mailOf("gone"));
    await other.expunge("INBOX", gone);
    const [item, ...rest] = await session.list("INBOX", [number, gone]);
    assert.deepEqual([item?.number, rest.length], [number, 0]);
    assert.equal(item?.sizeBytes, mime.length);
    assert.deepEqual(item.received, received);
    assert.deepEqual(item.flags, noFlags);
    assert.equal(item.envelope.subject, "Grüße");
    assert.equal(item.envelope.messageId, "Grüße@contract.test".replace("Grüße", encoded("Grüße")));
    assert.deepEqual(item.envelope.from, [{ name: "Ännchen", address: "a@example.test" }]);
    assert.deepEqual(item.references, ["x@y", "z@y"]);
    assert.deepEqual(partsOf(item), [
      ["", "multipart", "mixed"],
      ["1", "text", "plain"],
      ["2", "application", "pdf"],
    ]);
  });
  scene("Parts come in few commands, cut, without those that are gone", async (given) => {
    const { session, other } = given;
    const numbers = await deliverAll(
      other,
      Array.from({ length: 20 }, (_, at) => `part ${at}`),
    );
    const [first = 0] = numbers;
    await other.expunge("INBOX", first);
    const wanted = numbers.flatMap((number) => [
      { number, section: "1", maxBytes: 5 },
      { number, section: "2" },
    ]);
    const before = session.roundTrips();
    const parts = await session.fetchParts("INBOX", wanted);
    assert.ok(session.roundTrips() - before <= 4, `${session.roundTrips() - before} commands`);
    assert.equal(parts.length, 38);
    for (const { number, section, bytes } of parts) {
      assert.notEqual(number, first);
      assert.equal(bytes.toString(), section === "1" ? bodyText.slice(0, 5) : pdfText);
    }
  });
  scene("A part and a whole mail are streamed as they are on the wire", async (given) => {
    const { session, other } = given;
    const mime = mailOf("large", { pdf: "QUJD".repeat(19).concat("\r\n").repeat(12_000) });
    const number = await other.deliver(mime);
    const { epoch } = await session.feed("INBOX").position();
    const whole = await session.openPart("INBOX", { number, section: "", epoch });
    assert.ok(whole !== undefined && (await buffer(whole)).equals(mime));
    const part = await session.openPart("INBOX", { number, section: "1", epoch });
    assert.equal(part && (await buffer(part)).toString(), bodyText);
    const elsewhere = { number, section: "", epoch: `${epoch}9` };
    assert.equal(await session.openPart("INBOX", elsewhere), undefined);
    await other.expunge("INBOX", number);
    assert.equal(await session.openPart("INBOX", { number, section: "", epoch }), undefined);
  });
}

function searching(scene: Declare): void {
  scene(
    "A search finds text in header and body, whatever its case",
    async ({ session, other }) => {
      const [plain, body, coded] = [
        await other.deliver(mailOf("Invoice 17")),
        await other.deliver(mailOf("else", { body: "Your INVOICE is below.\r\n" })),
        await other.deliver(mailOf("Grüße aus Köln")),
      ];
      const find = finder(session);
      assert.deepEqual(await find(inField("anywhere", "invoice")), [body, plain]);
      assert.deepEqual(await find(inField("subject", "INVOICE")), [plain]);
      assert.deepEqual(await find(inField("body", "invoice")), [body]);
      assert.deepEqual(await find(inField("from", "a@example.test")), [coded, body, plain]);
      assert.deepEqual(await find(inField("anywhere", "nowhere at all")), []);
      assert.deepEqual(await find(inField("anywhere", 'quote " and \\ back')), []);
    },
    "decoded texts",
  );
  scene(
    "A search finds letters outside ASCII",
    async ({ session, other }) => {
      const [coded, body] = [
        await other.deliver(mailOf("Grüße aus Köln")),
        await other.deliver(mailOf("else", { body: "Viele Grüße\r\n" })),
      ];
      const find = finder(session);
      assert.deepEqual(await find(inField("anywhere", "grüße")), [body, coded]);
      assert.deepEqual(await find(inField("subject", "köln")), [coded]);
      assert.deepEqual(await find(inField("from", "Ännchen")), [body, coded]);
      assert.deepEqual(await find(inField("subject", "日本")), []);
    },
    "decoded texts",
  );
  scene(
    "Conditions are joined by all, any and not",
    async ({ session, other }) => {
      const [both = 0, left = 0, right = 0] = await deliverAll(other, [
        "left right",
        "left",
        "right",
      ]);
      const [a, b] = [inField("subject", "left"), inField("subject", "right")];
      const find = finder(session);
      assert.deepEqual(await find({ kind: "all", of: [a, b] }), [both]);
      assert.deepEqual(await find({ kind: "any", of: [a, b, inField("subject", "x-x")] }), [
        right,
        left,
        both,
      ]);
      assert.deepEqual(await find({ kind: "all", of: [a, { kind: "not", of: b }] }), [left]);
      const either: Condition = {
        kind: "any",
        of: [
          { kind: "all", of: [a, b] },
          { kind: "not", of: a },
        ],
      };
      assert.deepEqual(await find(either), [right, both]);
      assert.deepEqual(await find({ kind: "all", of: [] }), [right, left, both]);
      assert.deepEqual(await find({ kind: "any", of: [] }), []);
    },
    "decoded texts",
  );
  scene("Flags, categories, sizes, days and header fields are looked for", async (given) => {
    const { session, other } = given;
    const today = 20_000;
    const at = (day: number): Date => new Date((today + day) * dayMs + 43_200_000);
    const small = await other.deliver(mailOf("small"), { received: at(-3) });
    const big = await other.deliver(mailOf("big", { body: "x\r\n".repeat(3_000) }), {
      received: at(0),
    });
    await other.flag("INBOX", small, { seen: true });
    await session.setFlags("INBOX", [{ number: big, flagStatus: 2, categories: ["Rot", "Ü 1"] }]);
    const find = finder(session);
    assert.deepEqual(await find({ kind: "flag", flag: "seen", is: true }), [small]);
    assert.deepEqual(await find({ kind: "flag", flag: "seen", is: false }), [big]);
    assert.deepEqual(await find({ kind: "flag", flag: "flagged", is: true }), [big]);
    assert.deepEqual(await find({ kind: "category", name: "Ü 1" }), [big]);
    assert.deepEqual(await find({ kind: "size", moreThan: 5_000 }), [big]);
    assert.deepEqual(await find({ kind: "size", lessThan: 5_000 }), [small]);
    assert.deepEqual(await find({ kind: "day", of: "received", fromDay: today - 1 }), [big]);
    assert.deepEqual(await find({ kind: "day", of: "received", untilDay: today - 1 }), [small]);
    const header = { kind: "header", name: "Message-ID", text: "big@contract.test" } as const;
    assert.deepEqual(await find(header), [big]);
  });
  scene("Moments of arrival are compared to the second, both ends left out", async (given) => {
    const { session, other } = given;
    const numbers: number[] = [];
    for (const at of [0, 1, 2, 3]) {
      numbers.push(await other.deliver(mailOf(`s${at}`), { received: secondAt(at) }));
    }
    const found = await session.search(
      "INBOX",
      {
        condition: { kind: "all", of: [] },
        receivedAfter: secondAt(0),
        receivedBefore: secondAt(3),
      },
      { limit: 10, signal: forever },
    );
    assert.deepEqual([numbersIn(found.hits), found.total], [[numbers[2], numbers[1]], 2]);
  });
  scene("Hits come by their arrival, the newest first, and no more than asked", async (given) => {
    const { session, other } = given;
    const days = [5, 9, 7, 1];
    const numbers: number[] = [];
    for (const day of days) {
      const received = new Date((20_000 + day) * dayMs);
      numbers.push(await other.deliver(mailOf(`d${day}`), { received }));
    }
    const query = { condition: inField("from", "a@example.test") };
    const found = await session.search("INBOX", query, { limit: 3, signal: forever });
    assert.deepEqual(numbersIn(found.hits), [numbers[1], numbers[2], numbers[0]]);
    assert.equal(found.total, 4);
    assert.deepEqual(found.hits[0]?.received, new Date(20_009 * dayMs));
    assert.equal(found.epoch, (await session.feed("INBOX").position()).epoch);
  });
  scene(
    "A search in a folder that is not there is told as such; an ended one rejects",
    async (given) => {
      const { session } = given;
      const query = { condition: inField("subject", "a") };
      const bounds = { limit: 3, signal: forever };
      await assert.rejects(session.search("None", query, bounds), faulty("no such folder"));
      const ended = AbortSignal.abort(new Error("enough"));
      await assert.rejects(session.search("INBOX", query, { limit: 3, signal: ended }), /enough/);
      assert.equal((await session.search("INBOX", query, bounds)).total, 0);
    },
  );
}

function secondAt(at: number): Date {
  return new Date(1_700_000_000_000 + at * 1_000);
}

function inField(field: TextField, wanted: string): Condition {
  return { kind: "text", field, text: wanted };
}

/** Searches INBOX; the numbers of the hits. */
function finder(session: MailSession): (condition: Condition) => Promise<number[]> {
  return async (condition) => {
    const bounds = { limit: 100, signal: forever };
    const { hits, total } = await session.search("INBOX", { condition }, bounds);
    assert.equal(total, hits.length);
    return numbersIn(hits);
  };
}

function numbersIn(hits: readonly SearchHit[]): number[] {
  return hits.map(({ number }) => number);
}

function flags(scene: Declare): void {
  scene("Each property of a change is set alone, and taken back", async ({ session, other }) => {
    const number = await other.deliver(mailOf("a"));
    await other.flag("INBOX", number, { seen: true });
    const steps: readonly Partial<FlagChange>[] = [
      { flagStatus: 2 },
      { answered: true },
      { forwarded: true },
      { flagStatus: 1 },
      { seen: false, answered: false },
      { flagStatus: 0, forwarded: false },
    ];
    let expected: MailFlags = { ...noFlags, seen: true };
    for (const step of steps) {
      const outcomes = await session.setFlags("INBOX", [{ number, ...step }]);
      assert.deepEqual(outcomes, [{ number, kind: "done" }]);
      expected = { ...expected, ...(step as Partial<MailFlags>) };
      assert.deepEqual(await flagsOf(session, number), expected);
    }
    const { items } = await session.feed("INBOX").newest(everything, 1);
    assert.equal(items[0]?.version, versionOf({}));
  });
  scene("A touched item is told as changed, each time", async ({ session, other }) => {
    const number = await other.deliver(mailOf("a"));
    const feed = session.feed("INBOX");
    for (let time = 0; time < 3; time++) {
      const known = await feed.position();
      const outcomes = await session.setFlags("INBOX", [{ number, touched: true }]);
      assert.deepEqual(kinds(outcomes), ["done"]);
      await feed.position();
      const { items } = await feed.changed(everything, known);
      const told = items.map((item) => [item.number, item.labels]);
      assert.deepEqual(told, [[number, []]]);
    }
  });
  scene("Categories of any name are set, replaced, taken away", async ({ session, other }) => {
    const number = await other.deliver(mailOf("a"));
    for (const categories of [["Work"], ["Büro 日本", "Red category", "Work"], ["100% (x)"], []]) {
      await session.setFlags("INBOX", [{ number, categories }]);
      assert.deepEqual((await flagsOf(session, number))?.categories, categories);
      const feed = session.feed("INBOX");
      await feed.position();
      const { items } = await feed.newest(everything, 1);
      assert.deepEqual(items[0]?.labels, categories);
    }
  });
  scene("An item that is gone is told apart from one that is not", async ({ session, other }) => {
    const [here = 0, gone = 0] = await deliverAll(other, ["here", "gone"]);
    await other.expunge("INBOX", gone);
    const changes = [here, gone].map((number) => ({ number, seen: true }));
    assert.deepEqual(kinds(await session.setFlags("INBOX", changes)), ["done", "gone"]);
    assert.deepEqual(kinds(await session.remove("INBOX", [here, gone])), ["done", "gone"]);
    assert.deepEqual(kinds(await session.remove("INBOX", [here])), ["gone"]);
  });
  scene("Numbers of another epoch name nothing: all is left as it is", async (given) => {
    const { session, other } = given;
    await session.createFolder("Target", "user");
    const [here = 0] = await deliverAll(other, ["here"]);
    const { epoch } = await session.feed("INBOX").position();
    const change = { number: here, seen: true };
    const others = `${epoch}1`;
    const part = { number: here, section: "1" };
    assert.deepEqual(await session.fetchParts("INBOX", [part], others), []);
    assert.equal((await session.fetchParts("INBOX", [part], epoch)).length, 1);
    assert.deepEqual(await session.list("INBOX", [here], others), []);
    assert.deepEqual(kinds(await session.setFlags("INBOX", [change], { epoch: others })), ["gone"]);
    assert.deepEqual(kinds(await session.move("INBOX", [here], "Target", others)), ["gone"]);
    assert.deepEqual(kinds(await session.remove("INBOX", [here], others)), ["gone"]);
    assert.deepEqual(await flagsOf(session, here), noFlags);
    assert.equal((await session.list("INBOX", [here], epoch)).length, 1);
    assert.deepEqual(kinds(await session.setFlags("INBOX", [change], { epoch })), ["done"]);
    assert.deepEqual(kinds(await session.move("INBOX", [here], "Target", epoch)), ["done"]);
    const target = (await session.feed("Target").position()).epoch;
    assert.deepEqual(kinds(await session.remove("Target", [1], target)), ["done"]);
  });
  scene(
    "What another client changed since a mark is left alone",
    async ({ session, other }) => {
      const [mine = 0, theirs = 0] = await deliverAll(other, ["mine", "theirs"]);
      const { mark } = await session.feed("INBOX").position();
      await other.flag("INBOX", theirs, { seen: true });
      const changes = [mine, theirs].map((number) => ({ number, flagStatus: 2 as const }));
      const outcomes = await session.setFlags("INBOX", changes, { unchangedSince: mark });
      assert.deepEqual(kinds(outcomes), ["done", "conflict"]);
      assert.deepEqual(await flagsOf(session, mine), { ...noFlags, flagStatus: 2 });
      assert.deepEqual(await flagsOf(session, theirs), { ...noFlags, seen: true });
      const later = await session.feed("INBOX").position();
      const done = { number: theirs, seen: false, flagStatus: 2 as const };
      const only = { unchangedSince: later.mark };
      assert.deepEqual(kinds(await session.setFlags("INBOX", [done], only)), ["done"]);
      assert.deepEqual(await flagsOf(session, theirs), { ...noFlags, flagStatus: 2 });
    },
    "conflicts",
  );
}

function moving(scene: Declare): void {
  scene("Moved items tell their new numbers; a repeat finds them gone", async (given) => {
    const { session, other } = given;
    await session.createFolder("Target", "user");
    await other.deliver(mailOf("was there"), { path: "Target" });
    const numbers = await deliverAll(other, ["a", "b", "c"]);
    const [a = 0, b = 0, c = 0] = numbers;
    await session.setFlags("INBOX", [{ number: c, flagStatus: 2 }]);
    const outcomes = await session.move("INBOX", [c, a], "Target");
    assert.deepEqual(kinds(outcomes), ["done", "done"]);
    const moved = outcomes.map((outcome) => (outcome.kind === "done" ? outcome.newNumber : 0));
    const items = await session.list(
      "Target",
      moved.map((number) => number ?? 0),
    );
    const found = new Map(items.map((item) => [item.number, item]));
    assert.deepEqual(
      moved.map((number) => found.get(number ?? 0)?.envelope.subject),
      ["c", "a"],
    );
    assert.equal(found.get(moved[0] ?? 0)?.flags.flagStatus, 2);
    assert.deepEqual(kinds(await session.move("INBOX", [a, b], "Target")), ["gone", "done"]);
    assert.deepEqual(await subjectsIn(session, "INBOX"), []);
  });
  scene("A copy tells its number and has its mail's identity", async ({ session, other }) => {
    await session.createFolder("Target", "user");
    const there = await other.deliver(mailOf("was there"), { path: "Target" });
    const [a = 0, b = 0, gone = 0] = await deliverAll(other, ["a", "b", "gone"]);
    await other.expunge("INBOX", gone);
    const here = await session.identities("INBOX", [b, a, gone]);
    assert.deepEqual(new Set(here.keys()), new Set([a, b]));
    assert.notEqual(here.get(a), here.get(b));
    const outcomes = await session.copy("INBOX", [a, gone, b], "Target");
    assert.deepEqual(kinds(outcomes), ["done", "gone", "done"]);
    await session.feed("Target").position();
    const copies = await session.identities("Target", { from: there + 1 });
    const [first, , second] = outcomes.map((each) => (each.kind === "done" && each.newNumber) || 0);
    assert.deepEqual(new Set(copies.keys()), new Set([first, second]));
    assert.equal(copies.get(first ?? 0), here.get(a));
    assert.equal(copies.get(second ?? 0), here.get(b));
    assert.deepEqual(await session.identities("Target", { from: (second ?? 0) + 1 }), new Map());
    assert.deepEqual(await subjectsIn(session, "INBOX"), ["a", "b"]);
  });
  scene("Mails without a Message-ID have identities too", async ({ session, other }) => {
    await session.createFolder("Target", "user");
    const one = await other.deliver(nameless("one"));
    const two = await other.deliver(nameless("another"));
    const here = await session.identities("INBOX", [one, two]);
    assert.notEqual(here.get(one), here.get(two));
    await session.move("INBOX", [one], "Target");
    await session.feed("Target").position();
    assert.deepEqual(
      [...(await session.identities("Target", { from: 1 })).values()],
      [here.get(one)],
    );
  });
  scene("Mails that name each other are one conversation", async ({ session, other }) => {
    assert.deepEqual(await session.threads("INBOX"), []);
    await deliverAll(other, ["first", "alone"]);
    const references = `<${idOf("first")}@contract.test>`;
    for (const subject of ["second", "third"]) await other.deliver(mailOf(subject, { references }));
    await session.feed("INBOX").position();
    const threads = await session.threads("INBOX");
    const numbers = threads.map((thread) => thread.toSorted((one, another) => one - another));
    assert.deepEqual(numbers, [[1, 3, 4]]);
  });
  scene("A server without a move of its own says so, and moves all the same", async (given) => {
    const { session, other } = given;
    await session.createFolder("Target", "user");
    assert.equal(typeof (await session.movesAtOnce()), "boolean");
    const [a = 0] = await deliverAll(other, ["a", "b"]);
    await session.move("INBOX", [a], "Target");
    assert.deepEqual(await subjectsIn(session, "INBOX"), ["b"]);
    assert.deepEqual(await subjectsIn(session, "Target"), ["a"]);
  });
  scene("A folder is emptied in a few commands, and what comes next stays", async (given) => {
    const { session, other } = given;
    const made = await session.createFolder("Full", "user");
    for (const subject of ["a", "b", "c", "d"]) {
      await other.deliver(mailOf(subject), { path: made.path });
    }
    const before = session.roundTrips();
    assert.equal(await session.removeAll(made.path), 0);
    assert.ok(session.roundTrips() - before <= 8, `${session.roundTrips() - before} commands`);
    assert.deepEqual(await subjectsIn(session, made.path), []);
    assert.equal(await session.removeAll(made.path), 0);
    await other.deliver(mailOf("next"), { path: made.path });
    assert.deepEqual(await subjectsIn(session, made.path), ["next"]);
    await assert.rejects(session.removeAll("None"), faulty("no such folder"));
  });
  scene("A move by another client is an arrival there and a loss here", async (given) => {
    const { session, other } = given;
    await session.createFolder("Target", "user");
    const number = await other.deliver(mailOf("a"));
    const [here, there] = [session.feed("INBOX"), session.feed("Target")];
    const known = [await here.position(), await there.position()] as const;
    await other.move("INBOX", number, "Target");
    await here.position();
    await there.position();
    assert.ok(covers((await here.changed(everything, known[0])).gone, number));
    assert.equal((await there.changed(everything, known[1])).items.length, 1);
  });
  scene("A large mail is appended in pieces, octet for octet", async ({ session }) => {
    const line = `${"0123456789".repeat(7)}abcdef\r\n`;
    const body = Buffer.alloc(line.length * 20_000, line);
    const mime = joined([Buffer.from("Message-ID: <large@x>\r\n\r\n"), octetsOf(body)]);
    await session.append("INBOX", mime, {});
    const number = await session.findByMessageId("INBOX", "large@x", 1);
    assert.ok(number !== undefined);
    const [item] = await session.list("INBOX", [number]);
    assert.equal(item?.sizeBytes, mime.sizeBytes);
    const { epoch } = await session.feed("INBOX").position();
    const part = await session.openPart("INBOX", { number, section: "", epoch });
    assert.ok(part !== undefined && (await buffer(part)).equals(await wholeOf(mime)));
  });

  scene("A mail that cannot be read to its end is not appended", async ({ session }) => {
    const broken: Octets = {
      sizeBytes: 300_000,
      async *stream() {
        yield Buffer.from("Message-ID: <torn@x>\r\n\r\nx");
        throw new Error("the rest is gone");
      },
    };
    await assert.rejects(session.append("INBOX", broken, {}), /the rest is gone/);
    assert.equal(await session.findByMessageId("INBOX", "torn@x", 1), undefined);
    assert.equal((await session.feed("INBOX").position()).count, 0);
  });

  scene("An appended mail has its octets and flags, and can be found", async ({ session }) => {
    const mime = mailOf("draft");
    const state = { seen: true, draft: true, flagStatus: 2 } as const;
    const number = await session.append("INBOX", mime, state);
    assert.ok(number !== undefined);
    assert.deepEqual(await flagsOf(session, number), { ...noFlags, ...state });
    const [part] = await session.fetchParts("INBOX", [{ number, section: "" }]);
    assert.ok(part?.bytes.equals(mime));
    const id = "draft@contract.test";
    assert.equal(await session.findByMessageId("INBOX", id, number), number);
    assert.equal(await session.findByMessageId("INBOX", `<${id}>`, 1), number);
    assert.equal(await session.findByMessageId("INBOX", id, number + 1), undefined);
    assert.equal(await session.findByMessageId("INBOX", "other@contract.test", 1), undefined);
  });
}

function watching(scene: Declare): void {
  scene("A watched folder hints at arrivals and at losses", async ({ session, other }) => {
    const number = await other.deliver(mailOf("a"));
    const events = hints();
    using _watch = await session.watch(["INBOX"], events.hear);
    await other.deliver(mailOf("b"));
    assert.equal((await events.next("arrival")).path, "INBOX");
    await other.expunge("INBOX", number);
    await events.next("change");
  });
  scene(
    "A watched folder hints at flags",
    async ({ session, other }) => {
      const number = await other.deliver(mailOf("a"));
      const events = hints();
      using _watch = await session.watch(["INBOX"], events.hear);
      await other.deliver(mailOf("b"));
      await events.next("arrival");
      await other.flag("INBOX", number, { seen: true });
      await events.next("change");
    },
    "flag hints",
  );
  scene("A listener hears nothing once its watch is disposed of", async ({ session, other }) => {
    const number = await other.deliver(mailOf("a"));
    const [quiet, loud] = [hints(), hints()];
    const watch = await session.watch(["INBOX"], quiet.hear);
    using _loud = await session.watch(["INBOX"], loud.hear);
    await other.deliver(mailOf("b"));
    await loud.next("arrival");
    watch[Symbol.dispose]();
    const heard = quiet.count();
    await other.expunge("INBOX", number);
    await loud.next("change");
    assert.equal(quiet.count(), heard);
  });
}

function sessions(scene: Declare): void {
  scene("A wrong password is refused, the right one still counts", async (given) => {
    const { backend, credential } = given;
    const wrong = { ...credential, password: "wrong", fingerprint: "wrong" };
    await assert.rejects(backend.check(wrong, forever), LoginRefused);
    await assert.rejects(backend.open(accountId, wrong, forever), LoginRefused);
    await backend.check(credential, forever);
  });
  scene("Commands are counted for each lease", async ({ session, backend, credential }) => {
    await using second = await backend.open(accountId, credential, forever);
    await second.folders();
    const before = second.roundTrips();
    assert.ok(before > 0);
    await session.feed("INBOX").position();
    assert.equal(second.roundTrips(), before);
    await second.feed("INBOX").position();
    assert.ok(second.roundTrips() > before);
  });
  scene("Many leases at once and one after the other leave few sessions", async (given) => {
    const { backend, credential, other } = given;
    const number = await other.deliver(mailOf("a"));
    const use = async (): Promise<void> => {
      await using lease = await backend.open(accountId, credential, forever);
      assert.equal((await lease.list("INBOX", [number])).length, 1);
    };
    await Promise.all(Array.from({ length: 20 }, use));
    for (let times = 0; times < 5; times++) await use();
    assert.ok(backend.sessions() <= 10, `${backend.sessions()} sessions`);
  });
  scene("An account that is closed has no sessions; a new one opens", async (given) => {
    const { session, backend, credential } = given;
    await session.folders();
    await backend.closeAccount(accountId);
    assert.equal(backend.sessions(), 0);
    await assert.rejects(session.folders(), BackendUnavailable);
    await using fresh = await backend.open(accountId, credential, forever);
    assert.equal((await folderAt(fresh, "INBOX")).type, "inbox");
  });
  scene("A signal ends opening; the server tells what it can", async ({ backend, credential }) => {
    const reason = new Error("the device hung up");
    await assert.rejects(backend.open("b", credential, AbortSignal.abort(reason)), reason);
    const { capabilities } = await backend.probe(forever);
    assert.ok(capabilities.length > 0);
  });
}

const bodyText = "Hello there.\r\n.\r\nGrüße\r\n";
const pdfText = "JVBERi0xLjQ=\r\n";

const encoded = (text: string): string => Buffer.from(text).toString("hex").slice(0, 12);
const idOf = (subject: string): string => (/^[a-z]+$/.test(subject) ? subject : encoded(subject));

function mailOf(subject: string, { references = "", pdf = pdfText, body = bodyText } = {}): Buffer {
  const lines = [
    `From: =?utf-8?Q?=C3=84nnchen?= <a@example.test>`,
    "To: b@example.test",
    `Subject: =?utf-8?B?${Buffer.from(subject).toString("base64")}?=`,
    "Date: Tue, 14 Nov 2023 22:13:20 +0000",
    `Message-ID: <${idOf(subject)}@contract.test>`,
    ...(references === "" ? [] : [`References: ${references}`]),
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="edge"',
    "",
    "--edge",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    `${body}\r\n--edge`,
    'Content-Type: application/pdf; name="a.pdf"',
    "Content-Transfer-Encoding: base64",
    "",
    `${pdf}\r\n--edge--\r\n`,
  ];
  return Buffer.from(lines.join("\r\n"));
}

function nameless(subject: string): Buffer {
  return Buffer.from(`From: <a@contract.test>\r\nSubject: ${subject}\r\n\r\nWords.\r\n`);
}

async function deliverAll(other: OtherClient, subjects: readonly string[]): Promise<number[]> {
  const numbers: number[] = [];
  for (const subject of subjects) numbers.push(await other.deliver(mailOf(subject)));
  return numbers;
}

async function folderAt(session: MailSession, path: string): Promise<RemoteFolder> {
  const found = (await session.folders()).find((folder) => folder.path === path);
  assert.ok(found, `there is no folder ${path}`);
  return found;
}

async function subjectsIn(session: MailSession, path: string): Promise<string[]> {
  const feed = session.feed(path);
  const { next } = await feed.position();
  const numbers = Array.from({ length: next - 1 }, (_, index) => index + 1);
  return (await session.list(path, numbers)).map(({ envelope }) => envelope.subject);
}

async function flagsOf(session: MailSession, number: number): Promise<MailFlags | undefined> {
  return (await session.list("INBOX", [number]))[0]?.flags;
}

function partsOf({ structure }: MailItem): (readonly [string, string, string])[] {
  return [structure, ...structure.children].map((part) => [part.section, part.type, part.subtype]);
}

function versionOf(state: Partial<MailFlags>): number {
  return mailVersion({ ...noFlags, ...state });
}

function covers(ranges: readonly NumberRange[], number: number): boolean {
  return ranges.some(({ low, high }) => low <= number && number <= high);
}

function kinds(outcomes: readonly { readonly kind: string }[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

function faulty(fault: BackendFault): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BackendError, String(error));
    assert.equal(error.fault, fault);
    return true;
  };
}

/** Hints as they come; `next` waits for one of a kind that came after the one before. */
function hints(): {
  readonly hear: (event: WatchEvent) => void;
  next(kind: WatchEvent["kind"]): Promise<WatchEvent>;
  count(): number;
} {
  const heard: WatchEvent[] = [];
  let taken = 0;
  let news = Promise.withResolvers<void>();
  return {
    hear: (event) => {
      heard.push(event);
      news.resolve();
    },
    count: () => heard.length,
    next: async (kind) => {
      for (;;) {
        const event = heard[taken++];
        if (event === undefined) {
          taken = heard.length;
          news = Promise.withResolvers();
          await news.promise;
        } else if (event.kind === kind) return event;
      }
    },
  };
}
