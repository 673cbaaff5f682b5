/** What a conformance suite tries: each of its cases has a dialog or test of ours, or a reason why not. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const specification = join(root, "../shared/spec/testcases.tsv");
const suites = ["MS-ASCMD", "MS-ASEMAIL", "MS-ASAIRS", "MS-ASHTTP", "MS-ASCON"];

/** A line of testcases.tsv: either `shownBy` or `whyNot` says something. */
interface Case {
  readonly suite: string;
  readonly name: string;
  /** Dialogs (test/dialogs/x.eas) and tests (path.test.ts: words of the title), divided by " + ". */
  readonly shownBy: readonly string[];
  readonly whyNot: string;
}

function readCases(file: string): Case[] {
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [of = "", name = "", shownBy = "", whyNot = ""] = line.split("\t");
    return { suite: of, name, shownBy: shownBy === "" ? [] : shownBy.split(" + "), whyNot };
  });
}

const cases = readCases(fileURLToPath(new URL("testcases.tsv", import.meta.url)));

/** Undefined, or what is wrong with the name of a dialog or test. */
function faultOf(shownBy: string): string | undefined {
  const [, file = "", title = ""] = /^(\S+?\.(?:eas|test\.ts))(?:: (.+))?$/.exec(shownBy) ?? [];
  if (file === "" || !existsSync(join(root, file))) return `${shownBy}: there is no such file`;
  if (file.endsWith(".eas")) return undefined;
  if (title === "") return `${shownBy}: name the test`;
  const isThere = readFileSync(join(root, file), "utf8").includes(title);
  return isThere ? undefined : `${shownBy}: the file has no such test`;
}

test("Each case names dialogs and tests that are there, or a reason", () => {
  const faults = cases.flatMap(({ name, shownBy, whyNot }) => {
    const isOne = shownBy.length > 0 !== (whyNot !== "");
    const wrong = shownBy.flatMap((one) => faultOf(one) ?? []);
    return [...(isOne ? [] : [`${name}: one of both, a test or a reason`]), ...wrong];
  });
  assert.deepEqual(faults, []);
});

test("No case stands twice", () => {
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});

const skip = existsSync(specification) ? {} : { skip: "there is no ../shared/spec here" };
suite("Every case of the conformance suite has its line", skip, () => {
  for (const wanted of suites) {
    test(wanted, () => {
      const [, ...lines] = readFileSync(specification, "utf8").trimEnd().split("\n");
      const of = (each: string | undefined): boolean => each === wanted;
      const names = lines.map((line) => line.split("\t")).filter(([each]) => of(each));
      const own = cases.filter((each) => of(each.suite)).map(({ name }) => name);
      assert.deepEqual(names.map(([, name]) => name ?? "").toSorted(), own.toSorted());
    });
  }
});
