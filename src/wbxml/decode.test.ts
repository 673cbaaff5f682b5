import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../../schemas/commands.ts";
import { airSyncPage } from "../../schemas/code-pages/air-sync.ts";
import * as v from "../../schemas/vocabulary.ts";
import { decode } from "./decode.ts";
import { OutOfOrder, WbxmlError } from "./error.ts";
import * as limits from "./limits.ts";
import { fromXml } from "./xml.ts";
import type { Message } from "../../schemas/vocabulary.ts";

const folderSync = commands.FolderSync.request;
const sync = commands.Sync.request;

function bytes(...parts: (number | string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))),
  );
}

const HEADER = bytes(0x03, 0x01, 0x6a, 0x00);
/** Page 7, FolderSync with content, SyncKey with content. */
const TO_SYNC_KEY = bytes(HEADER, 0x00, 0x07, 0x56, 0x52);
const END2 = bytes(0x01, 0x01);

function syncKeyOf(...content: (number | string | Buffer)[]): string {
  return decode(bytes(TO_SYNC_KEY, ...content, END2), folderSync, "14.1").SyncKey;
}

function refused<T>(data: Buffer, message: Message<T>, status: number, says: RegExp): void {
  assert.throws(
    () => decode(data, message, "14.1"),
    (error) => {
      assert.ok(error instanceof WbxmlError, String(error));
      assert.equal(error.status, status);
      assert.match(error.message, says);
      return true;
    },
  );
}

describe("decoding text", () => {
  it("reads an inline string as UTF-8", () => {
    assert.equal(syncKeyOf(0x03, "Größe 日本 🎉", 0), "Größe 日本 🎉");
  });

  it("reads opaque data with a length of several bytes", () => {
    const long = "x".repeat(300);
    assert.equal(syncKeyOf(0xc3, 0x82, 0x2c, long), long);
  });

  it("reads entities, pieces and the string table", () => {
    const table = bytes(0x03, 0x01, 0x6a, 0x06, "ab\0cd\0", 0x00, 0x07, 0x56, 0x52);
    const data = bytes(table, 0x83, 0x03, 0x02, 0x81, 0x49, 0x03, "x", 0, END2);
    assert.equal(decode(data, folderSync, "14.1").SyncKey, "cdÉx");
  });

  it("reads an empty element as an empty string", () => {
    assert.equal(decode(bytes(HEADER, 0, 7, 0x56, 0x12, 1), folderSync, "14.1").SyncKey, "");
  });

  it("passes over extensions, processing instructions, attributes and literals", () => {
    const table = bytes(0x03, 0x01, 0x6a, 0x02, "a\0", 0x43, 0x05, 0x03, "pi", 0, 0x01);
    const rest = bytes(0x00, 0x07, 0xd6, 0x04, 0x00, 0x85, 0x01, 0x80, 0x05, 0x40, "e", 0);
    const literal = bytes(0x44, 0x00, 0x52, 0x03, "inner", 0, 0x01, 0x01);
    const data = bytes(table, rest, literal, 0x52, 0xc0, 0x03, "k", 0, END2);
    assert.equal(decode(data, folderSync, "14.1").SyncKey, "k");
  });
});

describe("decoding elements", () => {
  it("takes doubled page switches, as real clients send them", () => {
    const data = bytes(HEADER, 0, 0, 0, 7, 0x56, 0, 7, 0, 7, 0x52, 0x03, "1", 0, END2);
    assert.equal(decode(data, folderSync, "14.1").SyncKey, "1");
  });

  it("passes over unknown tags and pages with all that is in them", () => {
    const unknown = bytes(0x7f, 0x00, 0x63, 0x45, 0x03, "x", 0, 0x01, 0x05, 0x00, 0x07, 0x01);
    const data = bytes(HEADER, 0, 7, 0x56, unknown, 0x52, 0x03, "1", 0, END2);
    assert.equal(decode(data, folderSync, "14.1").SyncKey, "1");
  });

  it("takes the later of two elements, except where they must not be repeated", () => {
    const fields = { Class: v.text, Conflict: v.single(8, v.integer) };
    const message = v.message(airSyncPage, "Options", v.struct(airSyncPage, fields));
    const read = (inner: string): Buffer => fromXml(`<Options xmlns="AirSync">${inner}</Options>`);
    const one = "<Class>x</Class><Conflict>1</Conflict><Class>y</Class>";
    assert.deepEqual(decode(read(one), message, "14.1"), { Class: "y", Conflict: 1 });
    const two = "<Conflict>1</Conflict><Class>x</Class><Conflict>1</Conflict>";
    refused(read(two), message, 8, /Options: Conflict stands more than once/);
  });

  it("refuses the elements of a sequence twice or in another order, and says which it is", () => {
    const fields = { Class: v.text, Conflict: v.optional(v.integer), SyncKey: v.optional(v.text) };
    const message = v.message(airSyncPage, "Options", v.sequence(v.struct(airSyncPage, fields)));
    const read = (inner: string): Buffer => fromXml(`<Options xmlns="AirSync">${inner}</Options>`);
    const inOrder = "<Class>x</Class><Wait>1</Wait><SyncKey>1</SyncKey>";
    assert.deepEqual(decode(read(inOrder), message, "14.1"), { Class: "x", SyncKey: "1" });
    const twice = "<Class>x</Class><Conflict>1</Conflict><Conflict>1</Conflict>";
    refused(read(twice), message, 103, /Options\/Conflict: stands twice/);
    const turned = read("<Conflict>1</Conflict><Class>x</Class>");
    refused(turned, message, 103, /Options: Class stands behind Conflict/);
    assert.throws(() => decode(turned, message, "14.1"), OutOfOrder);
  });

  it("refuses the elements of other structs where a struct says so", () => {
    const other = v.struct(airSyncPage, { Class: v.text, Conflict: v.integer });
    const own = v.struct(airSyncPage, { Class: v.optional(v.text) });
    const message = v.message(
      airSyncPage,
      "Options",
      v.refusing({ status: 7, elementsOf: [other, own] }, own),
    );
    const read = (inner: string): Buffer => fromXml(`<Options xmlns="AirSync">${inner}</Options>`);
    refused(read("<Conflict>1</Conflict>"), message, 7, /Options: airsync:Conflict/);
    assert.deepEqual(decode(read("<Wait>1</Wait><Class>x</Class>"), message, "14.1"), {
      Class: "x",
    });
  });

  it("takes an empty boolean for true and an absent list for an empty one", () => {
    const [collection] = syncRequest("<GetChanges/><DeletesAsMoves>0</DeletesAsMoves>");
    assert.equal(collection?.GetChanges, true);
    assert.equal(collection?.DeletesAsMoves, false);
    assert.deepEqual(collection?.Options, []);
  });

  it("keeps the order of commands", () => {
    const [collection] = syncRequest(
      "<Commands><Delete><ServerId>1</ServerId></Delete><Fetch><ServerId>2</ServerId></Fetch><Delete><ServerId>3</ServerId></Delete></Commands>",
    );
    assert.deepEqual(collection?.Commands, [
      { Delete: { ServerId: "1" } },
      { Fetch: { ServerId: "2" } },
      { Delete: { ServerId: "3" } },
    ]);
  });

  it("tells the class by the first child that is not shared", () => {
    const body = "<airsyncbase:Body><airsyncbase:Data>x</airsyncbase:Data></airsyncbase:Body>";
    assert.deepEqual(
      change(`${body}<notes:Subject>s</notes:Subject>`),
      changeOf("Notes", { Body: { Data: "x" }, Subject: "s" }),
    );
    assert.deepEqual(
      change("<contacts2:MMS>m</contacts2:MMS>"),
      changeOf("Contacts", { MMS: "m" }),
    );
    assert.deepEqual(change("<email:Flag/>"), changeOf("Email", { Flag: {} }));
    assert.deepEqual(change(body), changeOf("Email", { Body: { Data: "x" } }));
  });

  it("reads names of ghosted elements, also none", () => {
    assert.deepEqual(
      syncRequest("<Supported><contacts:JobTitle/><tasks:Subject/></Supported>")[0]?.Supported,
      ["contacts:JobTitle", "tasks:Subject"],
    );
    assert.deepEqual(syncRequest("<Supported/>")[0]?.Supported, []);
    assert.equal(syncRequest("")[0]?.Supported, undefined);
  });

  it("takes an empty tag with the value 0 for none", () => {
    assert.deepEqual(options("0"), {});
    assert.deepEqual(options(""), { DeleteSubFolders: true });
  });
});

function change(data: string): unknown {
  const [collection] = syncRequest(
    `<Commands><Change><ServerId>1</ServerId><ApplicationData>${data}</ApplicationData></Change></Commands>`,
  );
  return collection?.Commands?.[0];
}

function options(subFolders: string): unknown {
  const schema = commands.ItemOperations.request;
  const [operation] = decode(fromXml(emptying(subFolders)), schema, "14.1");
  assert.ok(operation !== undefined && "EmptyFolderContents" in operation);
  return operation.EmptyFolderContents.Options;
}

function emptying(subFolders: string): string {
  return `<ItemOperations xmlns="ItemOperations"><EmptyFolderContents><airsync:CollectionId>f1</airsync:CollectionId><Options><DeleteSubFolders>${subFolders}</DeleteSubFolders></Options></EmptyFolderContents></ItemOperations>`;
}

function changeOf(name: string, values: object) {
  return { Change: { ServerId: "1", ApplicationData: { [name]: values } } };
}

function syncRequest(inner: string) {
  const xml = `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>1</SyncKey><CollectionId>f1</CollectionId>${inner}</Collection></Collections></Sync>`;
  return decode(fromXml(xml), sync, "14.1").Collections?.Collection ?? [];
}

describe("bytes that are no WBXML", () => {
  const cases: [name: string, data: Buffer, says: RegExp][] = [
    ["nothing", bytes(), /end too early/u],
    ["XML text", bytes("<?xml version='1.0'?>"), /not WBXML/u],
    ["another charset", bytes(0x03, 0x01, 0x04, 0x00, 0x05), /charset 4/u],
    ["an end too early", TO_SYNC_KEY, /FolderSync\/SyncKey: the data end too early/u],
    ["a string without end", bytes(TO_SYNC_KEY, 0x03, "abc"), /does not end/u],
    ["opaque data longer than the body", bytes(TO_SYNC_KEY, 0xc3, 0x7f, "a"), /end too early/u],
    [
      "an integer of 6 bytes",
      bytes(TO_SYNC_KEY, 0xc3, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
      /too large/u,
    ],
    [
      "opaque data over the limit",
      bytes(TO_SYNC_KEY, 0xc3, 0x8f, 0xff, 0xff, 0xff, 0x7f),
      /too long/u,
    ],
    ["a string table longer than the body", bytes(0x03, 0x01, 0x6a, 0x7f), /end too early/u],
    ["a string outside of the table", bytes(TO_SYNC_KEY, 0x83, 0x05), /not in the table/u],
    ["an entity that is no character", bytes(TO_SYNC_KEY, 0x02, 0x83, 0xb0, 0x00), /no character/u],
  ];
  for (const [name, data, says] of cases) {
    it(`are refused with 102: ${name}`, () => refused(data, folderSync, 102, says));
  }

  it("are refused with 102: too deep, known or not", () => {
    const unknown = Buffer.alloc(limits.MAX_DEPTH + 2, 0x7f);
    refused(bytes(HEADER, 0, 7, 0x56, unknown), folderSync, 102, /too deep/u);
  });

  it("are refused with 102: too many elements", () => {
    const many = Buffer.alloc(limits.MAX_ELEMENTS + 1, 0x3f);
    refused(bytes(HEADER, 0, 7, 0x56, many, 1), folderSync, 102, /too many elements/u);
  });

  it("are refused with 102: a table string named again and again", () => {
    const entry = "x".repeat(limits.MAX_TABLE_BYTES / 2);
    const table = bytes(0x03, 0x01, 0x6a, 0xa0, 0x80, 0x01, entry, 0, 0, 7, 0x56, 0x52);
    refused(bytes(table, 0x83, 0, 0x83, 0, 0x83, 0, END2), folderSync, 102, /table/u);
  });
});

describe("WBXML that does not follow the protocol", () => {
  it("is refused with 103: another root", () => {
    refused(bytes(HEADER, 0x05), folderSync, 103, /root is not FolderSync/u);
  });

  it("is refused with 103: a value of the wrong kind, with its path", () => {
    const xml = `<Ping xmlns="Ping"><HeartbeatInterval>soon</HeartbeatInterval></Ping>`;
    refused(fromXml(xml), commands.Ping.request, 103, /^Ping\/HeartbeatInterval: is no whole/u);
  });

  it("spoils only its own item: a value of the wrong kind in ApplicationData", () => {
    const item = (id: string, data: string): string =>
      `<Change><ServerId>${id}</ServerId><ApplicationData>${data}</ApplicationData></Change>`;
    const flag = "<email:Flag><tasks:DueDate>soon</tasks:DueDate></email:Flag>";
    const items = [
      item("1", `<email:Read>perhaps</email:Read>${flag}`),
      item("2", flag),
      item("3", "<email:Read>1</email:Read>"),
    ];
    const xml = `<Sync xmlns="AirSync" xmlns:email="Email" xmlns:tasks="Tasks"><Collections><Collection><SyncKey>1</SyncKey><CollectionId>a</CollectionId><Commands>${items.join("")}</Commands></Collection></Collections></Sync>`;
    const read = decode(fromXml(xml), sync, "14.1");
    const changes = read.Collections?.Collection[0]?.Commands ?? [];
    const datas = changes.map((each) => "Change" in each && each.Change.ApplicationData);
    assert.deepEqual(datas.slice(0, 2), [{}, {}]);
    const last = datas[2];
    assert.ok(last && "Email" in last && last.Email?.Read === true);
    const torn = fromXml(xml).subarray(0, -12);
    refused(torn, sync, 102, /end too early/);
  });

  it("is refused with 103: an element missing", () => {
    const xml = `<SendMail xmlns="ComposeMail"><Mime>x</Mime></SendMail>`;
    refused(fromXml(xml), commands.SendMail.request, 103, /^SendMail: ClientId is missing/u);
  });

  it("is refused with the command's own status where it has one", () => {
    refused(bytes(HEADER, 0, 7, 0x16), folderSync, 10, /SyncKey is missing/u);
    const xml = `<Sync xmlns="AirSync"><Collections><Collection><SyncKey>1</SyncKey></Collection></Collections></Sync>`;
    refused(fromXml(xml), sync, 4, /^Sync\/Collections\/Collection: CollectionId/u);
  });

  it("does not miss what the version does not have", () => {
    const part = v.struct(airSyncPage, { SyncKey: v.text, ConversationMode: v.boolean });
    const message = v.message(airSyncPage, "Sync", part);
    const data = fromXml(`<Sync xmlns="AirSync"><SyncKey>1</SyncKey></Sync>`);
    assert.deepEqual(decode(data, message, "12.1"), { SyncKey: "1" });
    refused(data, message, 103, /ConversationMode is missing/u);
  });
});
