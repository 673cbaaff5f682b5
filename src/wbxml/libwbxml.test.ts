import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { XMLParser } from "fast-xml-parser";
import { codePages } from "../../schemas/code-pages.ts";
import { toXml } from "./xml.ts";

const installed = spawnSync("wbxml2xml", ["-h"]).error === undefined;
const skip = installed ? false : "no wbxml2xml (libwbxml2-utils): nothing is compared with it";

const folders = ["../../test/fixtures/wbxml/", "../../../shared/corpus/wbxml/"]
  .map((folder) => new URL(folder, import.meta.url))
  .filter((folder) => existsSync(folder));
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".wbxml"))
    .map((file) => new URL(file, folder)),
);

/** What Debian's libwbxml2 reads in our bytes. */
function theirXml(bytes: Buffer): string {
  const options = ["-l", "ACTIVESYNC", "-m", "0", "-k", "-o", "-", "-"];
  const run = spawnSync("wbxml2xml", options, { input: bytes });
  assert.equal(run.status, 0, run.stderr.toString());
  return run.stdout.toString();
}

const renamed: Readonly<Record<string, string>> = {
  Reply: "ReplyTo",
  RMOwner: "Owner",
  RemoveRightsManagementDistribution: "RemoveRightsManagementProtection",
  ihsManagementInformation: "RightsManagementInformation",
  DeviceEncryptionEnabled: "RequireStorageCardEncryption",
  "Reply-To": "ReplyTo",
  AttOId: "Att0id",
  FlagStatus: "Status",
  Exception_StartTime: "ExceptionStartTime",
  Attendee_Status: "AttendeeStatus",
  Attendee_Type: "AttendeeType",
  Organizer_Email: "OrganizerEmail",
  Organizer_Name: "OrganizerName",
};

/** A name of theirs in small letters, as the documents spell it today. */
function plain(name: string): string {
  const today = (renamed[name] ?? name)
    .replace(/^(?:Recurrence|Exception|Attendee)_/u, "")
    .replace(/^(Business|Home|Other)(City|Country|PostalCode|State|Street)$/u, "$1Address$2")
    .replace("TelephoneNumber", "PhoneNumber");
  return today.toLowerCase();
}

/** The elements of a message in their order, each with its text. */
function elements(xml: string): string[] {
  const found: string[] = [];
  const walk = (nodes: unknown): void => {
    if (!Array.isArray(nodes)) return;
    for (const node of nodes) {
      for (const [key, value] of Object.entries<unknown>(node)) {
        if (key === "#text")
          found.push(
            `= ${String(value)
              .replaceAll(/\r|&#13;/gu, "")
              .trim()}`,
          );
        else if (key !== ":@") {
          found.push(plain(key));
          walk(value);
        }
      }
    }
  };
  const parser = new XMLParser({
    preserveOrder: true,
    removeNSPrefix: true,
    parseTagValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
  });
  walk(parser.parse(xml));
  return found.filter((line) => line !== "= ");
}

/** Tags of 16.1, which libwbxml2 0.11.8 does not have, and one of which it has none. */
function isUnknownToThem(page: string, tag: string): boolean {
  const recent = ["ProposedStartTime", "ProposedEndTime", "AccountOnlyRemoteWipe"];
  return page === "Find" || recent.includes(tag);
}

describe("messages, compared with libwbxml2", { skip }, () => {
  it("have the same tags in every page", () => {
    for (const { name, number, tags } of codePages) {
      const known = Object.entries(tags).filter(([tag]) => !isUnknownToThem(name, tag));
      const tokens = known.map(([, { token }]) => token);
      const bytes = Buffer.from([3, 1, 0x6a, 0, 0x45, 0, number, ...tokens, 1]);
      const [root, ...theirs] = elements(theirXml(bytes));
      assert.equal(root, "sync");
      assert.deepEqual(
        theirs,
        known.map(([tag]) => tag.toLowerCase()),
      );
    }
  });

  it("are read alike", () => {
    let compared = 0;
    for (const file of files) {
      const bytes = readFileSync(file);
      const xml = toXml(bytes);
      // They print opaque data in ways of their own, and the pages of 16.1 not at all.
      if (xml.includes("opaque=") || xml.startsWith("<Find")) continue;
      assert.deepEqual(elements(theirXml(bytes)), elements(xml), file.pathname);
      compared++;
    }
    assert.ok(compared > 1);
  });
});
