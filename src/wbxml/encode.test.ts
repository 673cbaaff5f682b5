import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../../schemas/commands.ts";
import { airSyncBasePage } from "../../schemas/code-pages/air-sync-base.ts";
import { airSyncPage } from "../../schemas/code-pages/air-sync.ts";
import * as v from "../../schemas/vocabulary.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { toXml } from "./xml.ts";
import type { ResponseOf } from "../../schemas/commands.ts";

const folderSync = commands.FolderSync.response;

const answer: ResponseOf<"FolderSync"> = {
  Status: 1,
  SyncKey: "2",
  Changes: {
    Count: 1,
    Update: [],
    Delete: [],
    Add: [{ ServerId: "f1", ParentId: "0", DisplayName: "Post", Type: 2 }],
  },
};

function named(name: string): string {
  const folder = { ServerId: "f1", ParentId: "0", DisplayName: name, Type: 2 };
  const changes = { Update: [], Delete: [], Add: [folder] };
  const bytes = encode({ Status: 1, Changes: changes }, folderSync, "14.1");
  return decode(bytes, folderSync, "14.1").Changes?.Add[0]?.DisplayName ?? "?";
}

function inline(text: string): number[] {
  return [0x03, ...Buffer.from(text), 0];
}

describe("encoding", () => {
  it("writes the bytes of MS-ASWBXML: header, page, tags, strings, ends", () => {
    const status = [0x4c, ...inline("1"), 0x01];
    const folder = [0x48, ...inline("f1"), 0x01, 0x49, ...inline("0"), 0x01];
    folder.push(0x47, ...inline("Post"), 0x01, 0x4a, ...inline("2"), 0x01);
    const changes = [0x4e, 0x57, ...inline("1"), 0x01, 0x4f, ...folder, 0x01, 0x01];
    const expected = [
      3,
      1,
      0x6a,
      0,
      0,
      7,
      0x56,
      ...status,
      0x52,
      ...inline("2"),
      0x01,
      ...changes,
      1,
    ];
    assert.deepEqual([...encode(answer, folderSync, "14.1")], expected);
  });

  it("writes nothing for an empty list, and an empty element for an empty text", () => {
    const empty = { Status: 1, SyncKey: "" };
    const xml = toXml(encode(empty, folderSync, "14.1"));
    assert.match(xml, /<SyncKey\/>/u);
  });

  it("cleans out what XML forbids", () => {
    assert.equal(named("a\u0000b\u0008c\u001fd\ufffee\uffff"), "abcde");
    assert.equal(named("tab\tand\nline\r"), "tab\tand\nline\r");
    assert.equal(named("half \ud83c of a party"), "half \ufffd of a party");
    assert.equal(named("\u0001"), "");
    assert.equal(named("🎉 日本 ü"), "🎉 日本 ü");
  });

  it("leaves out what the version does not have", () => {
    const request = {
      Collections: { Collection: [{ SyncKey: "1", CollectionId: "f1", Options: [] }] },
      HeartbeatInterval: 60,
      Wait: 5,
    };
    const xmlFor = (version: "12.0" | "12.1" | "14.0"): string =>
      toXml(encode(request, commands.Sync.request, version));
    assert.doesNotMatch(xmlFor("12.0"), /Wait|HeartbeatInterval/u);
    assert.match(xmlFor("12.1"), /Wait/u);
    assert.doesNotMatch(xmlFor("12.1"), /HeartbeatInterval/u);
    assert.match(xmlFor("14.0"), /HeartbeatInterval/u);
  });

  it("sends one of two elements of one name, as the version wants it", () => {
    const Email = {
      MeetingRequest: {
        DtStamp: new Date(0),
        TimeZone: "",
        Location: "Room",
        "airsyncbase:Location": { DisplayName: "Room" },
      },
    };
    const Add = { ServerId: "f1:1", ApplicationData: { Email } };
    const collection = { SyncKey: "1", CollectionId: "f1", Status: 1, Commands: [{ Add }] };
    const sent = { Collections: { Collection: [collection] } };
    const old = toXml(encode(sent, commands.Sync.response, "14.1"));
    assert.match(old, /<email:Location>Room<\/email:Location>/u);
    assert.doesNotMatch(old, /airsyncbase:Location/u);
    const recent = toXml(encode(sent, commands.Sync.response, "16.0"));
    assert.match(recent, /<airsyncbase:DisplayName>Room/u);
    assert.doesNotMatch(recent, /<email:Location>/u);
  });

  it("writes a string inline and bytes as opaque data", () => {
    const part = v.struct(airSyncPage, {
      Data: v.from(airSyncBasePage, v.list(v.textOrBytes)),
    });
    const message = v.message(airSyncPage, "Sync", part);
    const value = { Data: ["text", Buffer.from([0, 1, 255]), "", "x".repeat(10_000)] };
    assert.deepEqual(decode(encode(value, message, "14.1"), message, "14.1"), value);
  });

  it("writes both forms of a date", () => {
    const settings = { Status: 1, Oof: { Get: { StartTime: new Date(0), OofMessage: [] } } };
    const xml = toXml(encode(settings, commands.Settings.response, "14.1"));
    assert.match(xml, /<StartTime>1970-01-01T00:00:00\.000Z</u);
    const data = { Notes: { LastModifiedDate: new Date(0) } };
    const add = { Add: { ServerId: "1", ApplicationData: data } };
    const collection = { SyncKey: "1", CollectionId: "f1", Status: 1, Commands: [add] };
    const sent = { Collections: { Collection: [collection] } };
    assert.match(
      toXml(encode(sent, commands.Sync.response, "14.1")),
      /<notes:LastModifiedDate>19700101T000000Z</u,
    );
  });

  it("refuses what the types do not allow", () => {
    const wrong: unknown = { Status: "1" };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a wrong value on purpose
    assert.throws(() => encode(wrong as typeof answer, folderSync, "14.1"), TypeError);
  });
});
