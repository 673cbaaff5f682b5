import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLoginName, type LoginDomains } from "./login-name.ts";

const known: LoginDomains = {
  domains: [
    { name: "example.com", aliases: ["example.org"], login: "address" },
    { name: "school.example.net", aliases: [], login: "user" },
  ],
  defaultDomain: "example.com",
};

const ann = { domain: "example.com", login: "ann@example.com", email: "ann@example.com" };
const bob = { domain: "school.example.net", login: "bob", email: "bob@school.example.net" };

test("Login: user, user@domain and DOMAIN\\user name the same user", () => {
  const spellings = [
    "ann",
    "ann@example.com",
    "EXAMPLE\\ann",
    "example.com\\ann",
    " Ann ",
    "\\ann",
  ];
  for (const typed of spellings) assert.deepEqual(parseLoginName(typed, known), ann, typed);
});

test("Login: an alias of a domain names the same user", () => {
  assert.deepEqual(parseLoginName("ann@example.org", known), ann);
});

test("Login: the address says more than the domain field beside it", () => {
  assert.deepEqual(parseLoginName("WORKGROUP\\ann@example.com", known), ann);
});

test("Login: a server that wants the part before the @ gets that", () => {
  for (const typed of ["SCHOOL\\bob", "bob@school.example.net"]) {
    assert.deepEqual(parseLoginName(typed, known), bob, typed);
  }
});

test("Login: unknown domains, empty names and control characters are nobody", () => {
  for (const typed of ["ann@example.net", "OTHER\\ann", "", "@example.com", "a\r\nb", "a\0b"]) {
    assert.equal(parseLoginName(typed, known), undefined, JSON.stringify(typed));
  }
});

test("Login: without a default domain a bare name is nobody", () => {
  assert.equal(parseLoginName("ann", { ...known, defaultDomain: undefined }), undefined);
});

test("Login: a first label that two domains share names neither", () => {
  const domains = ["mail.one.test", "mail.two.test"].map((name) => {
    return { name, aliases: [], login: "user" as const };
  });
  assert.equal(parseLoginName("MAIL\\ann", { domains, defaultDomain: undefined }), undefined);
});
