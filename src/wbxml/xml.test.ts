import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { fromXml, toXml } from "./xml.ts";

const fixtures = new URL("../../test/fixtures/wbxml/", import.meta.url);
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith(".xml"))
  .map((file) => file.slice(0, -".xml".length));

function xmlOf(name: string): string {
  return readFileSync(new URL(`${name}.xml`, fixtures), "utf8");
}

function bytesOf(name: string): Buffer {
  return readFileSync(new URL(`${name}.wbxml`, fixtures));
}

describe("XML of a message", () => {
  for (const name of names) {
    it(`is printed for the eye and read back: ${name}`, () => {
      assert.equal(toXml(bytesOf(name)), xmlOf(name));
      assert.deepEqual(fromXml(xmlOf(name)), bytesOf(name));
    });
  }

  it("is the same whoever wrote the bytes: libwbxml2 names a public id in a string table", () => {
    assert.equal(toXml(bytesOf("sync-request-by-libwbxml")), xmlOf("sync-request"));
  });

  it("needs no declared prefixes", () => {
    const short = `<Sync xmlns="AirSync"><ApplicationData><email:Read>1</email:Read></ApplicationData></Sync>`;
    assert.match(toXml(fromXml(short)), /<email:Read>1<\/email:Read>/u);
  });

  it("is read with other prefixes, inner namespaces, CDATA and comments", () => {
    const other = `<?xml version="1.0"?>
      <!DOCTYPE x PUBLIC "a" "b"><!-- c -->
      <a:Sync xmlns:a="AirSync:"><a:ApplicationData>
        <Subject xmlns="Calendar:"><![CDATA[<b> & c]]></Subject>
      </a:ApplicationData></a:Sync>`;
    assert.match(toXml(fromXml(other)), /<calendar:Subject>&lt;b&gt; &amp; c<\/calendar:Subject>/u);
  });

  it("shows characters that do not print, and texts of spaces", () => {
    const bytes = Buffer.from([
      3, 1, 0x6a, 0, 0, 7, 0x56, 0x52, 3, 1, 0x0d, 0, 1, 0x52, 3, 0x20, 0, 1, 1,
    ]);
    const xml = toXml(bytes);
    assert.match(xml, /<SyncKey>&#1;&#13;<\/SyncKey>/u);
    assert.match(xml, /<SyncKey>&#32;<\/SyncKey>/u);
  });

  it("shows tags that no page has, and takes them", () => {
    const bytes = Buffer.from([3, 1, 0x6a, 0, 0, 7, 0x56, 0x7f, 0, 40, 0x05, 1, 1]);
    const xml = toXml(bytes);
    assert.match(xml, /<page7:tag3f>\s*<page40:tag05\/>/u);
    assert.deepEqual(fromXml(xml), bytes);
  });

  it("shows of contents and secrets only the length, if told so", () => {
    const sent = toXml(bytesOf("sync-response"), { contents: false });
    assert.match(sent, /<email:Subject>…\(15 chars\)<\/email:Subject>/u);
    assert.match(sent, /<airsyncbase:Data>…\(23 chars\)</u);
    assert.match(sent, /<ServerId>f1:33<\/ServerId>/u);
    assert.doesNotMatch(sent, /example\.test|Hello|plan\.pdf/u);
    assert.match(toXml(bytesOf("send-mail-request"), { contents: false }), /…\(\d+ bytes\)/u);
    const password = `<Settings xmlns="Settings"><DevicePassword><Set><Password>secret</Password></Set></DevicePassword></Settings>`;
    assert.doesNotMatch(toXml(fromXml(password), { contents: false }), /secret/u);
  });

  it("takes what no message of ours has for contents", () => {
    const contact = `<Sync xmlns="AirSync" xmlns:contacts="Contacts"><ApplicationData><contacts:Alias>ann</contacts:Alias></ApplicationData></Sync>`;
    assert.match(toXml(fromXml(contact), { contents: false }), /<contacts:Alias>…\(3 chars\)</u);
    const unknown = Buffer.from([3, 1, 0x6a, 0, 0, 7, 0x56, 0x7f, 3, 0x61, 0, 1, 1]);
    assert.match(toXml(unknown, { contents: false }), /<page7:tag3f>…\(1 chars\)</u);
  });

  it("is refused with a reason", () => {
    const cases: [xml: string, says: RegExp][] = [
      [`<Sync xmlns="AirSync"><Nonsense/></Sync>`, /no code page has a tag Nonsense/u],
      [`<Sync xmlns="Nonsense"/>`, /no code page Nonsense/u],
      [`<Sync xmlns="AirSync"><Status>1</Sync>`, /<\/Sync> where Status is open/u],
      [`<Sync xmlns="AirSync">`, /Sync is not closed/u],
      [`<Sync xmlns="AirSync">text<Status/></Sync>`, /has text and elements/u],
      [`<Sync xmlns="AirSync"><></Sync>`, /does not begin an element/u],
    ];
    for (const [xml, says] of cases) assert.throws(() => fromXml(xml), says);
  });
});
