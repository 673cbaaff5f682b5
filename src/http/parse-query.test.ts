import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { isCommandName } from "../../schemas/commands.ts";
import { canonicalDeviceId } from "../devices/identity.ts";
import { parseQuery } from "./parse-query.ts";
import { InvalidQuery } from "./query.ts";

const corpus = new URL("../../../shared/corpus/wbxml/index.tsv", import.meta.url);

test("Query: both forms of MS-ASHTTP's example say the same", () => {
  const plain = parseQuery("Cmd=Sync&User=rmjones&DeviceId=v140Device&DeviceType=SmartPhone");
  const encoded = parseQuery("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l");
  assert.equal(encoded.version, "14.0");
  assert.equal(plain.version, undefined);
  for (const query of [plain, encoded]) {
    assert.equal(query.command, "Sync");
    assert.equal(canonicalDeviceId(query.deviceId), "v140device");
    assert.equal(query.deviceType, "SmartPhone");
    assert.equal(query.policyKey, undefined);
  }
});

/** The fields of a base64 query. */
function encodeQuery(fields: {
  version?: number;
  code?: number;
  deviceId?: Buffer;
  policyKey?: Buffer;
  parameters?: readonly (readonly [tag: number, value: Buffer])[];
}): string {
  const { version = 141, code = 1, deviceId = Buffer.from("d1") } = fields;
  const { policyKey = Buffer.alloc(0), parameters = [] } = fields;
  const counted = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([bytes.length]), bytes]);
  return Buffer.concat([
    Buffer.from([version, code, 9, 4]),
    counted(deviceId),
    counted(policyKey),
    counted(Buffer.from("Phone")),
    ...parameters.map(([tag, value]) => Buffer.concat([Buffer.from([tag]), counted(value)])),
  ]).toString("base64");
}

test("Query: the base64 form has every parameter of its table", () => {
  const texts = ["att", "coll", "item", "long", "parent", "occ", "ann"];
  const tags = [0, 1, 3, 4, 5, 6, 8];
  const parameters = tags.map((tag, index) => [tag, Buffer.from(texts[index] ?? "")] as const);
  const options = [7, Buffer.from([3])] as const;
  const policyKey = Buffer.from([1, 0, 0, 128]);
  const query = parseQuery(encodeQuery({ policyKey, parameters: [...parameters, options] }));
  assert.equal(query.command, "SendMail");
  assert.equal(query.policyKey, 0x80000001);
  assert.deepEqual(query.parameters, {
    attachmentName: "att",
    collectionId: "coll",
    itemId: "item",
    longId: "long",
    parentId: "parent",
    occurrence: "occ",
    saveInSent: true,
    acceptMultiPart: true,
  });
});

test("Query: a device with 16 bytes is the device with 32 hexadecimal digits", () => {
  const deviceId = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  const query = parseQuery(encodeQuery({ deviceId }));
  assert.equal(canonicalDeviceId(query.deviceId), "00112233445566778899aabbccddeeff");
});

test("Query: base64 signs may be percent-encoded or of the URL alphabet", () => {
  const deviceId = Buffer.from("fbffbffbefbe0011223344556677fffe", "hex");
  const raw = encodeQuery({ deviceId });
  assert.match(raw, /[+/]/);
  const expected = parseQuery(raw);
  assert.deepEqual(parseQuery(encodeURIComponent(raw)), expected);
  assert.deepEqual(parseQuery(raw.replaceAll("+", "-").replaceAll("/", "_")), expected);
});

test("Query: names of parameters are read in any case, values are decoded", () => {
  const query = parseQuery(
    "cmd=SendMail&user=DOM%5Cann&DEVICEID=x1&DeviceType=T&SaveInSent=T&AttachmentName=f1%3A2%3A3",
  );
  assert.equal(query.parameters.saveInSent, true);
  assert.equal(query.parameters.attachmentName, "f1:2:3");
});

test("Query: what is neither form is refused with a sentence", () => {
  const cut = encodeQuery({}).slice(0, 12);
  const keyOf3 = encodeQuery({ policyKey: Buffer.from([1, 2, 3]) });
  const flood = encodeQuery({ parameters: Array.from({ length: 33 }, () => [9, Buffer.alloc(0)]) });
  for (const raw of ["", "User=a&DeviceId=b", "%%%", cut, keyOf3, flood, "a".repeat(9_000)]) {
    assert.throws(() => parseQuery(raw), InvalidQuery, raw);
  }
});

test("Query: any text is read or refused with its own error", () => {
  const base64 = fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b).toString("base64"));
  const whole = fc.uint8Array({ maxLength: 40 }).map((b) => {
    const tail = Buffer.from(b).toString("latin1");
    return Buffer.from(encodeQuery({}) + tail, "latin1").toString("latin1");
  });
  const inputs = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    base64,
    whole,
    fc.webQueryParameters(),
  );
  fc.assert(
    fc.property(inputs, (raw) => {
      try {
        const query = parseQuery(raw);
        assert.equal(typeof query.command, "string");
      } catch (error) {
        assert.ok(error instanceof InvalidQuery, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test(
  "Query: every recorded request line is read",
  { skip: existsSync(corpus) ? false : "needs ../shared/corpus, which is not there" },
  () => {
    const [head = "", ...lines] = readFileSync(corpus, "utf8").trim().split("\n");
    const column = head.split("\t").indexOf("request_line");
    const targets = lines.map((line) => line.split("\t")[column] ?? "");
    const queries = targets.filter((line) => line.startsWith("POST") && line.includes("?"));
    assert.ok(queries.length > 200);
    for (const line of queries) {
      const query = parseQuery(line.slice(line.indexOf("?") + 1).split(" ")[0] ?? "");
      assert.ok(isCommandName(query.command), line);
      assert.notEqual(canonicalDeviceId(query.deviceId), "");
    }
  },
);
