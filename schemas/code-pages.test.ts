import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { codePages } from "./code-pages.ts";
import { rank, versions } from "./version.ts";
import type { ProtocolVersion } from "./version.ts";
import type { Tag } from "./vocabulary.ts";

const spec = new URL("../../shared/spec/", import.meta.url);
const skip = existsSync(spec) ? false : "no ../shared: code pages are not compared with MS-ASWBXML";

const newest = versions.length - 1;

function versionsOf({ since, until }: Tag): ProtocolVersion[] {
  const last = until === undefined ? newest : rank(until);
  return versions.filter((version) => rank(version) >= rank(since) && rank(version) <= last);
}

/** Our tags as `page name token versions`, the versions as the table writes them. */
function ours(known: readonly ProtocolVersion[]): string[] {
  return codePages.flatMap((page) =>
    Object.entries(page.tags).flatMap(([name, tag]) => {
      const its = versionsOf(tag).filter((version) => known.includes(version));
      const told = its.length === known.length ? "All" : its.join(", ");
      const token = tag.token.toString(16).padStart(2, "0");
      return told === "" ? [] : [`${page.number} ${name} ${token} ${told}`];
    }),
  );
}

/** The tables of MS-ASWBXML 2.1.2.1, whose edition ends with 16.0. */
function tables(): string[] {
  const rows: string[] = [];
  let page = "";
  for (const line of readFileSync(new URL("specs/MS-ASWBXML.md", spec), "utf8").split("\n")) {
    page = /^2\.1\.2\.1\.\d+\s+Code Page (\d+): \w+\s*$/u.exec(line)?.[1] ?? page;
    const row = /^ (\w+)(?: — see note .*?)?\s+0x(\w\w)\s+(All|[\d., ]+\d)\s*$/u.exec(line);
    if (row !== null) rows.push(`${page} ${row[1]} ${row[2]?.toLowerCase()} ${row[3]}`);
  }
  return rows;
}

/** The same tables in the statements, with 16.1: page, name, token, versions. */
function statements(): string[] {
  const text = readFileSync(new URL("requirements/MS-ASWBXML.tsv", spec), "utf8");
  const pattern =
    /Code Page (\d+): \w+\] ?\[Tag name\] ?(\w+)[^[]*\[Token\] ?0x(\w\w) ?\[supports protocol versions\] ?([^\t]*)/gu;
  return [...text.matchAll(pattern)].map(([, page, name, token, told = ""]) => {
    const listed = told.trim().split(/, */u).join(", ");
    return `${page} ${name} ${token?.toLowerCase()} ${listed}`;
  });
}

/** The statements call these two Name and Email; the tables and the schema call them so. */
const renamed = (row: string): string =>
  row
    .replace(/^21 Name 17/u, "21 ForwardeeName 17")
    .replace(/^21 Email 18/u, "21 ForwardeeEmail 18");

describe("code pages", () => {
  it("are 26, each at its number", () => {
    assert.deepEqual(
      codePages.map(({ number }) => number),
      Array.from({ length: 26 }, (_, number) => number),
    );
  });

  it("have no token twice and none outside of the tag space", () => {
    for (const page of codePages) {
      const tokens = Object.values(page.tags).map(({ token }) => token);
      assert.equal(new Set(tokens).size, tokens.length, page.name);
      assert.ok(
        tokens.every((token) => token >= 0x05 && token <= 0x3f),
        page.name,
      );
    }
  });

  it("are those of the tables of MS-ASWBXML up to 16.0", { skip }, () => {
    const known = versions.filter((version) => version !== "16.1");
    assert.deepEqual(ours(known).toSorted(), tables().toSorted());
  });

  it("are those of the statements of MS-ASWBXML up to 16.1", { skip }, () => {
    const told = statements().map(renamed);
    assert.ok(told.length > 500);
    const mine = new Set(ours(versions));
    // Two statements forget 16.1, which the neighbours in the same table have.
    const forgetful = [
      "14 MaxDevicePasswordFailedAttempts 16 12.0, 12.1, 14.0, 14.1, 16.0",
      "14 MaxCalendarAgeFilter 28 12.1, 14.0, 14.1, 16.0",
    ];
    assert.deepEqual(
      told.filter((row) => !mine.has(row)),
      forgetful,
    );
  });
});
