import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatCompact,
  formatDateTime,
  parseBoolean,
  parseDecimal,
  parseInteger,
  parseMoment,
} from "./values.ts";

const moment = new Date(Date.UTC(2009, 4, 19, 10, 42, 20));

describe("moments", () => {
  it("are read in either form", () => {
    assert.deepEqual(parseMoment("2009-05-19T10:42:20.000Z"), moment);
    assert.deepEqual(parseMoment("20090519T104220Z"), moment);
  });

  it("are read as clients send them, too", () => {
    assert.deepEqual(parseMoment(" 2009-05-19T10:42:20Z "), moment);
    assert.deepEqual(parseMoment("2009-05-19T12:42:20+02:00"), moment);
    assert.deepEqual(parseMoment("2009-05-19T10:42:20"), moment);
    assert.deepEqual(parseMoment("2009-05-19T10:42:20.123456Z")?.getUTCMilliseconds(), 123);
    assert.deepEqual(parseMoment("20090519"), new Date(Date.UTC(2009, 4, 19)));
    assert.deepEqual(parseMoment("0045-01-01T00:00:00.000Z")?.getUTCFullYear(), 45);
  });

  it("are none of other texts", () => {
    for (const text of [
      "",
      "tomorrow",
      "2009-13-01",
      "2009-02-30T00:00:00Z",
      "20090519T1042200Z",
    ]) {
      assert.equal(parseMoment(text), undefined, text);
    }
  });

  it("are written in both forms", () => {
    assert.equal(formatDateTime(moment), "2009-05-19T10:42:20.000Z");
    assert.equal(formatCompact(moment), "20090519T104220Z");
  });
});

describe("numbers and booleans", () => {
  it("are read strictly", () => {
    assert.equal(parseInteger(" 42 "), 42);
    assert.equal(parseInteger("-1"), -1);
    assert.equal(parseInteger("4.2"), undefined);
    assert.equal(parseInteger("99999999999999999999"), undefined);
    assert.equal(parseDecimal("52.5"), 52.5);
    assert.equal(parseDecimal("north"), undefined);
    assert.equal(parseBoolean("1"), true);
    assert.equal(parseBoolean("False"), false);
    assert.equal(parseBoolean("2"), undefined);
  });
});
