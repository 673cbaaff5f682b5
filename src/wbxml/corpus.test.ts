import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { XMLParser } from "fast-xml-parser";
import { commands, isCommandName } from "../../schemas/commands.ts";
import { isVersion } from "../../schemas/version.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { WbxmlError } from "./error.ts";
import { fromXml, toXml } from "./xml.ts";
import type { Command } from "../../schemas/command.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";

const folder = new URL("../../../shared/corpus/wbxml/", import.meta.url);
const skip = existsSync(folder) ? false : "no ../shared: recorded messages are not tried";

interface Recorded {
  readonly file: string;
  readonly command: Command;
  readonly version: ProtocolVersion;
  readonly side: "request" | "response";
  readonly bytes: Buffer;
}

function recorded(file: string): Recorded[] {
  const match = /^.*-(?<name>\w+)-(?<version>[\d.]+)\.(?<side>request|response)\.wbxml$/u.exec(
    file,
  );
  const { name = "", version = "", side = "" } = match?.groups ?? {};
  if (!isCommandName(name) || !isVersion(version)) return [];
  if (side !== "request" && side !== "response") return [];
  return [
    { file, command: commands[name], version, side, bytes: readFileSync(new URL(file, folder)) },
  ];
}

const messages = skip === false ? readdirSync(folder).flatMap(recorded) : [];

/** Requests that lack what their command cannot do without. */
const unusable = new Set(["142-goas-Find-16.1.request.wbxml"]);

/** Requests with elements that their version or command does not have: these are not sent again. */
const strange = [
  /goas-Find-1[24]/u, // Find is of 16.1
  /goas-ItemOperations/u, // Move by server id, DeleteSubFolders with the value 0
  /goas-(?:SendMail|SmartForward|SmartReply)-(?:2\.5|12)/u, // WBXML before 14.0
  /goas-Settings-(?:2\.5|12)/u, // elements of later versions
  /goas-Sync-2\.5/u, // BodyPreference is of 12.0
  /goas-ValidateCert/u, // Certificate without Certificates
];

/** What both forms of a date, an empty boolean, and an empty number or date come to. */
function plain(name: string, value: string): string | undefined {
  if (name === "#text" && value.trim() === "") return undefined;
  if (name === "GetChanges" || name === "DeletesAsMoves") return value === "" ? "1" : value;
  if (name === "calendar:Reminder" || name === "contacts:Anniversary") return value || undefined;
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/u.test(value) ? value.replaceAll(/[-:]|\.\d+/gu, "") : value;
}

/** The elements of a message with their paths and texts, in any order. */
function elements(bytes: Buffer): string[] {
  const found: string[] = [];
  const walk = (path: string, node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) walk(path, each);
    else if (typeof node === "object" && node !== null) {
      found.push(path);
      for (const [key, each] of Object.entries(node)) walk(`${path}/${key}`, each);
    } else {
      const value = plain(path.slice(path.lastIndexOf("/") + 1), String(node));
      if (value !== undefined) found.push(`${path}=${value}`);
    }
  };
  walk("", new XMLParser({ trimValues: false, parseTagValue: false }).parse(toXml(bytes)));
  return found.toSorted();
}

describe("recorded messages of real clients and servers", { skip }, () => {
  it("are many", () => assert.ok(messages.length > 400));

  it("decode by the schema of their command", () => {
    for (const { file, command, version, side, bytes } of messages) {
      if (unusable.has(file)) continue;
      assert.doesNotThrow(() => decode(bytes, command[side], version), file);
    }
  });

  it("are refused with a status if they lack what the command needs", () => {
    for (const { command, version, bytes } of messages.filter(({ file }) => unusable.has(file))) {
      assert.throws(() => decode(bytes, command.request, version), WbxmlError);
    }
  });

  it("are requests that encode to the same elements again", () => {
    for (const { file, command, version, side, bytes } of messages) {
      if (side === "response" || unusable.has(file)) continue;
      if (strange.some((pattern) => pattern.test(file))) continue;
      const again = encode(decode(bytes, command.request, version), command.request, version);
      assert.deepEqual(elements(again), elements(bytes), file);
    }
  });

  it("come back whole from their XML", () => {
    for (const { file, bytes } of messages) {
      const xml = toXml(bytes);
      const again = fromXml(xml);
      assert.equal(toXml(again), xml, file);
      assert.ok(again.length <= bytes.length, `${file}: only redundant bytes go`);
    }
  });
});
