import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { maxBoundaryLength, maxFields } from "./limits.ts";
import { parseMessage } from "./mime.ts";

const body = "\r\n\r\nbody\r\n";

function isRegular(mail: string): boolean {
  return parseMessage(Buffer.from(mail)).isRegular;
}

function multipart(lines: readonly string[], type = 'multipart/mixed; boundary="b"'): string {
  return [`Content-Type: ${type}`, "", ...lines, ""].join("\r\n");
}

describe("a mail that every server reads alike", () => {
  const types = [
    "text/plain",
    "text/plain; charset=utf-8",
    'text/html ; charset="utf-8"; format=flowed;',
    'application/pdf;\r\n name="a; b.pdf"',
  ];
  for (const each of types) {
    it(`is of a type such as ${JSON.stringify(each)}`, () =>
      assert.ok(isRegular(`Content-Type: ${each}${body}`)));
  }

  const oddTypes = [
    "",
    "text",
    "text/plain; name=a b.txt",
    "text/plain; charset",
    "text/plain (a comment)",
    "text/plain; name=a=b",
    "text/plain; name=[a]",
    "text/plain; =a",
    "multipart/mixed",
    "message/rfc822",
    "message/delivery-status",
    "text/plain\r\nContent-Type: text/html",
    "text/plain; charset=utf-8; CHARSET=x",
    "text/plain; name*0=a; name*1=b",
    "text/plain\r; charset=utf-8",
    'application/pdf; name="=?utf-8?Q?a?="',
    "application/pdf; name=ü.pdf",
    "application/pdf; name*=utf-8''%C3%BC.pdf",
    "application/pdf; filename=\"iso-8859-1'en'%41\"",
    'application/pdf; name="a;b"; name=c',
    "text/plain; __proto__=x",
    "text/html\r\r\n",
  ];
  for (const each of oddTypes) {
    it(`is of none such as ${JSON.stringify(each)}`, () =>
      assert.ok(!isRegular(`Content-Type: ${each}${body}`)));
  }

  const typed = "Content-Type: text/plain\r\nContent-Transfer-Encoding";
  it("is encoded in one of the known ways, if it is of a type", () => {
    for (const each of ["7bit", "BASE64", "quoted-printable"]) {
      assert.ok(isRegular(`${typed}: ${each}${body}`), each);
      assert.ok(!isRegular(`Content-Transfer-Encoding: ${each}${body}`), each);
    }
    for (const each of ["x-uuencode", "base64 (a comment)", "base64; a=b", "base 64"]) {
      assert.ok(!isRegular(`${typed}: ${each}${body}`), each);
    }
  });

  it("is no multipart that is encoded, and tells no disposition without a type", () => {
    const parts = ["--b", "", "one", "--b--"];
    const type = "multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: ";
    assert.ok(isRegular(multipart(parts, `${type}8bit`)));
    assert.ok(!isRegular(multipart(parts, `${type}base64`)));
    assert.ok(!isRegular(`Content-Disposition: attachment${body}`));
    assert.ok(isRegular(`Content-Type: text/plain\r\nContent-Disposition: attachment${body}`));
  });

  it("has a header of fields, with an empty line behind it", () => {
    assert.ok(isRegular("X: y\r\n z\r\nSubject: x\r\n\r\n"));
    assert.ok(isRegular("\r\nbody"));
    assert.ok(!isRegular("Subject: x\r\n"));
    assert.ok(!isRegular("Subject : x\r\n\r\nbody"));
    assert.ok(!isRegular("\ufeffSubject: x\r\n\r\nbody"));
    assert.ok(!isRegular("X-Any: a\rSubject: x\r\n\r\nbody"));
    assert.ok(isRegular(`${"X:\r\n".repeat(maxFields - 1)}Subject: x\r\n\r\nbody`));
    assert.ok(!isRegular(`${"X:\r\n".repeat(maxFields)}Subject: x\r\n\r\nbody`));
    assert.ok(!isRegular("Subject: x\r\nno field\r\n\r\nbody"));
    assert.ok(!isRegular("no header"));
    assert.ok(!isRegular(""));
  });

  it("has a line of its own before, between and behind all parts, and nowhere else", () => {
    const parts = ["--b", "", "one", "--b", "Content-Type: text/html", "", "two"];
    assert.ok(isRegular(multipart([...parts, "--b--"])));
    assert.ok(isRegular(multipart(["before", ...parts, "--b--", "behind --b"])));
    assert.ok(!isRegular(multipart(parts)), "cut off");
    assert.ok(!isRegular(multipart([...parts, "--b--", "--b--"])), "closed twice");
    assert.ok(!isRegular(multipart([...parts, "--begins alike", "--b--"])), "a boundary goes on");
    assert.ok(!isRegular(multipart(["no parts", "--b--"])));
    assert.ok(!isRegular(multipart([...parts, "--b", "no field", "", "three", "--b--"])));
  });

  it("has a boundary that every server reads whole", () => {
    const of = (boundary: string, parameter = `boundary=${boundary}`): boolean =>
      isRegular(
        multipart([`--${boundary}`, "", "one", `--${boundary}--`], `multipart/mixed; ${parameter}`),
      );
    assert.ok(of("b"));
    assert.ok(of("b".repeat(maxBoundaryLength)));
    assert.ok(!of("b".repeat(maxBoundaryLength + 1)));
    assert.ok(!of("b", "boundary*=us-ascii''b"));
  });

  it("has its Content-ID in parts of a type", () => {
    const part = (fields: string): string => multipart(["--b", fields, "", "one", "--b--"]);
    const id = "Content-ID: <a@b>";
    assert.ok(isRegular(part(`Content-Type: text/plain\r\n${id}`)));
    assert.ok(!isRegular(part(id)));
    assert.ok(!isRegular(part(`Content-Type: text/plain\r\n${id}\r\n${id}`)));
    assert.ok(!isRegular(part(`Content-Type: text/plain\r\nContent-ID: <ü@b>`)));
    assert.ok(!isRegular(`${id}\r\n${part("")}`));
  });

  it("has multiparts within one another that do not share a boundary", () => {
    const inner = (boundary: string): string => {
      const type = `multipart/alternative; boundary=${boundary}`;
      return multipart([`--${boundary}`, "", "one", `--${boundary}--`], type);
    };
    assert.ok(isRegular(multipart(["--b", inner("c"), "--b--"])));
    assert.ok(!isRegular(multipart(["--b", inner("b"), "--b--"])));
    assert.ok(!isRegular(multipart(["--b", inner("bc"), "--b--"])));
  });
});
