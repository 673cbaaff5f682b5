import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { itemElement } from "../../../test/fixtures/mime/element.ts";
import { shownBytes } from "../../../test/fixtures/mime/shown.ts";
import { fixture, mapped } from "../../../test/fixtures/mime/mails.ts";
import { decode } from "../../wbxml/decode.ts";
import { encode } from "../../wbxml/encode.ts";
import type { EmailData } from "./data.ts";
import type { MailOptions } from "./options.ts";

const corpus = new URL("../../../../shared/corpus/mime/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of mails is not tried";

const versions = ["12.1", "14.0", "14.1", "16.0", "16.1"] as const;
const sizes = [undefined, 0, 1, 100, 512, 5000, 100_000];

/** Every preference of a client that shows text, HTML or MIME, at every size. */
function* wishes(): Generator<Partial<MailOptions>> {
  for (const version of versions) {
    for (const Type of [1, 2, 4]) {
      for (const TruncationSize of sizes) {
        const preferences = [{ Type, TruncationSize, Preview: 100 }];
        yield { version, mimeSupport: 2, preferences };
      }
    }
    yield {
      version,
      preferences: [{ Type: 2, AllOrNone: true, TruncationSize: 300 }, { Type: 1 }],
    };
  }
}

function checkBody({ Body = {} }: EmailData, options: Partial<MailOptions>): void {
  const { Type, Data, EstimatedDataSize = -1, Truncated } = Body;
  const bytes = shownBytes(Data);
  const limit = options.preferences?.find((each) => each.Type === Type)?.TruncationSize;
  assert.ok(bytes.length <= (limit ?? Infinity));
  if (Truncated === true) assert.ok(EstimatedDataSize > bytes.length);
  else assert.equal(EstimatedDataSize, bytes.length);
  if (typeof Data === "string") assert.ok(Data.isWellFormed());
  if (!Buffer.isBuffer(Data)) assert.ok(isUtf8(bytes));
}

function checkRest({ Body = {}, Attachments = [] }: EmailData): void {
  assert.ok((Body.Preview ?? "").length <= 100);
  for (const each of Attachments) {
    assert.ok("Attachment" in each);
    assert.doesNotMatch(each.Attachment.DisplayName ?? "", /^$|[\\/\p{Cc}]/u);
  }
}

function syncs(bytes: Buffer): void {
  for (const options of wishes()) {
    const data = mapped(bytes, options);
    checkBody(data, options);
    checkRest(data);
    const version = options.version ?? "14.1";
    const wbxml = encode({ Email: data }, itemElement, version);
    assert.ok("Email" in decode(wbxml, itemElement, version));
  }
}

describe("every mail reaches a device", () => {
  for (const name of ["alternative", "broken", "nested", "related", "report", "signed"]) {
    it(`${name} of our own`, () => syncs(fixture(name)));
  }

  it("and so does the corpus", { skip }, async (t) => {
    const files = readdirSync(corpus);
    assert.ok(files.length >= 100);
    for (const file of files) await t.test(file, () => syncs(readFileSync(new URL(file, corpus))));
  });
});
