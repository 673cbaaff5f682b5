import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodedSize, decodeTransfer, transferDecoder, wireBytesFor } from "./transfer.ts";

function decoded(text: string, encoding: string): string {
  return decodeTransfer(Buffer.from(text, "latin1"), encoding).toString("latin1");
}

function inPieces(wire: Buffer, sizes: readonly number[], encoding: string): Buffer {
  const decoder = transferDecoder(encoding);
  const out: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    out.push(Buffer.from(decoder.push(wire.subarray(at, at + size))));
    at += size;
  }
  return Buffer.concat([...out, decoder.push(wire.subarray(at)), decoder.end()]);
}

/** What a mailer would write: every byte as "=XX", a soft line break behind every 24. */
function worstQuotedPrintable(bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (byte) => `=${byte.toString(16).padStart(2, "0").toUpperCase()}`);
  return pairs.map((pair, at) => (at % 24 === 23 ? `${pair}=\r\n` : pair)).join("");
}

describe("transfer encodings", () => {
  it("decodes quoted-printable with soft breaks, broken codes and blanks added on the way", () => {
    assert.equal(decoded("a=3Db=\r\nc", "quoted-printable"), "a=bc");
    assert.equal(decoded("a= \t\r\nc", "Quoted-Printable"), "ac");
    assert.equal(decoded("a=\nc=e9", "quoted-printable"), "ac\u00e9");
    assert.equal(decoded("x=ZZ =4", "quoted-printable"), "x=ZZ =4");
    assert.equal(decoded("end  \t\r\nnext line", "quoted-printable"), "end\r\nnext line");
  });

  it("decodes base64 with rubbish, without padding, and concatenated bodies", () => {
    assert.equal(decoded("SGVs\r\nbG8", "base64"), "Hello");
    assert.equal(decoded("SG!Vs*bG8=", "BASE64"), "Hello");
    assert.equal(decoded("SGVsbG8=IFdvcmxk", "base64"), "Hello World");
    assert.equal(decoded("SGVs\u0000bG8=\r\n-- \r\n", "base64").slice(0, 5), "Hello");
  });

  it("keeps blanks that were written as codes, or stand in front of a soft line break", () => {
    assert.equal(decoded("a=20 \t\r\nb", "quoted-printable"), "a \r\nb");
    assert.equal(decoded("a =\r\n \r\nb", "quoted-printable"), "a \r\nb");
    assert.equal(decoded("a \t", "quoted-printable"), "a \t");
    assert.equal(decoded(" \r \n\t\r\n", "quoted-printable"), "\r\n\r\n");
    assert.equal(decoded("a =", "quoted-printable"), "a ");
  });

  it("passes 8bit and unknown encodings through", () => {
    assert.equal(decoded("a=3D", "8bit"), "a=3D");
    assert.equal(decoded("a=3D", "x-unheard-of"), "a=3D");
  });

  it("gives the same bytes in whatever pieces they come", () => {
    const wire = fc.oneof(
      fc.string({ unit: fc.constantFrom(...Array.from("=3DAf \t\r\nxé")) }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
    );
    fc.assert(
      fc.property(
        wire,
        fc.array(fc.nat(5)),
        fc.constantFrom("base64", "quoted-printable", "7bit"),
        (text, sizes, encoding) => {
          const bytes = Buffer.from(text, "latin1");
          assert.deepEqual(inPieces(bytes, sizes, encoding), decodeTransfer(bytes, encoding));
        },
      ),
    );
  });

  it("asks for enough wire octets to hold what is wanted", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 200, maxLength: 900 }),
        fc.nat(190),
        (bytes, wanted) => {
          const base64 = Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\r\n");
          const printable = worstQuotedPrintable(bytes);
          for (const [text, encoding] of [
            [base64, "base64"],
            [printable, "quoted-printable"],
          ] as const) {
            const cut = Buffer.from(text).subarray(0, wireBytesFor(wanted, encoding));
            const got = decodeTransfer(cut, encoding).subarray(0, wanted);
            assert.deepEqual(got, Buffer.from(bytes).subarray(0, wanted));
          }
        },
      ),
    );
  });

  it("estimates the decoded size of base64 within two percent", () => {
    const wire = Buffer.alloc(57_000).toString("base64").replace(/.{76}/g, "$&\r\n");
    assert.ok(Math.abs(decodedSize(wire.length, "base64") - 57_000) < 1140);
  });
});
