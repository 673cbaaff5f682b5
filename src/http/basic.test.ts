import assert from "node:assert/strict";
import { test } from "node:test";
import { challenge, readBasic } from "./basic.ts";

const header = (bytes: Buffer): string => `Basic ${bytes.toString("base64")}`;

test("Basic: MS-ASHTTP's example, whose base64 is right and whose user name is misspelt", () => {
  const [reading] = readBasic("Basic ZmFrZXVzZXI6eCRwSUFLOUBwOSE=");
  assert.deepEqual(reading, { user: "fakeuser", password: "x$pIAK9@p9!" });
});

test("Basic: ASCII has one reading, and a password may have colons", () => {
  const readings = readBasic(header(Buffer.from("ann:a:b:")));
  assert.deepEqual(readings, [{ user: "ann", password: "a:b:" }]);
});

test("Basic: UTF-8 is read first, ISO-8859-1 second", () => {
  const passwords = readBasic(header(Buffer.from("ann:pä"))).map(({ password }) => password);
  assert.deepEqual(passwords, ["pä", "pÃ¤"]);
});

test("Basic: what is no UTF-8 is ISO-8859-1", () => {
  assert.deepEqual(readBasic(header(Buffer.from("ann:pä", "latin1"))), [
    { user: "ann", password: "pä" },
  ]);
});

test("Basic: other schemes, no colon and no header have no reading", () => {
  const none = [undefined, "", "Bearer abc", "Basic", "Basic !!", header(Buffer.from("ann"))];
  for (const value of none) assert.deepEqual(readBasic(value), [], String(value));
});

test("Basic: the challenge quotes the realm", () => {
  assert.equal(challenge('A "B"'), 'Basic realm="A \\"B\\"", charset="UTF-8"');
});
