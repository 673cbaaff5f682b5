import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mapped } from "../../../test/fixtures/mime/mails.ts";
import type { BodyPreference } from "./data.ts";
import { ownPart, ownText } from "./own-part.ts";

const own = "<p>Yes, at noon.</p>";

describe("the own part of a mail", () => {
  const answers: readonly (readonly [mailer: string, quoted: string])[] = [
    [
      "Thunderbird",
      '<div class="moz-cite-prefix">On 1/5/26 Ann wrote:<br></div><blockquote type="cite" cite="mid:a"><p>When?</p></blockquote>',
    ],
    [
      "Apple Mail",
      '<br><blockquote type="cite"><div>On 5 Jan, Ann wrote:</div><div>When?</div></blockquote>',
    ],
    [
      "Gmail",
      '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr">On Mon, Ann wrote:<br></div><blockquote class="gmail_quote">When?</blockquote></div>',
    ],
    [
      "Outlook",
      '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>From:</b> Ann</p></div></div><p>When?</p>',
    ],
    [
      "Outlook on the web",
      '<div id="appendonsend"></div><hr style="display:inline-block"><div id="divRplyFwdMsg"><b>From:</b> Ann</div><div>When?</div>',
    ],
    ["plain text", "-----Original Message-----<br>From: Ann<br>When?"],
  ];
  for (const [mailer, quoted] of answers) {
    it(`leaves out what ${mailer} quotes`, () => {
      const part = ownPart(`<html><body>${own}${quoted}</body></html>`).html;
      assert.match(part, /Yes, at noon/);
      assert.doesNotMatch(part, /When\?|wrote:|From:/);
    });
  }

  it("keeps what is written behind and between quotes", () => {
    const quote =
      '<blockquote type="cite">one <blockquote type="cite">two</blockquote></blockquote>';
    assert.equal(ownPart(`${quote}<p>a</p>${quote}<p>b</p>`).html, "<p>a</p><p>b</p>");
  });

  it("is the whole mail where it says nothing itself, or quotes nothing", () => {
    const forwarded = '<div class="gmail_quote">Forwarded words</div>';
    assert.equal(ownPart(forwarded).html, forwarded);
    assert.equal(
      ownPart("<blockquote>An indented thought</blockquote>").html,
      "<blockquote>An indented thought</blockquote>",
    );
  });

  it("of plain text is the lines that are not quoted", () => {
    assert.equal(
      ownText(
        "Yes.\r\n\r\nOn Mon, 5 Jan 2026 Ann <ann@example.test>\r\nwrote:\r\n> When?\r\n> Ann\r\n\r\nBob",
      ),
      "Yes.\r\n\r\n\r\nBob",
    );
    assert.equal(ownText("> only quoted"), "> only quoted");
    assert.equal(ownText("a > b\r\nc: d"), "a > b\r\nc: d");
  });

  it("never throws, and never grows", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom(...answers.map(([, quoted]) => quoted), "</div>", "<"),
          ),
        ),
        (pieces) => {
          const html = pieces.join("");
          assert.ok(ownPart(html).html.length <= html.length);
          ownText(html);
        },
      ),
    );
  });
});

describe("a BodyPart", () => {
  const mail = Buffer.from(
    `Content-Type: text/html\r\n\r\n<p>Yes &amp; no, said at noon.</p><blockquote type="cite">${"When? ".repeat(500)}</blockquote>`,
  );
  const partOf = (bodyPart: Partial<BodyPreference>, version: "14.0" | "14.1" = "14.1") =>
    mapped(mail, { version, preferences: [{ Type: 2 }], bodyPart: { Type: 2, ...bodyPart } })
      .BodyPart;

  it("is the own part as HTML, beside the whole Body, from 14.1 on", () => {
    assert.deepEqual(partOf({}), {
      Status: 1,
      Type: 2,
      EstimatedDataSize: 34,
      Data: "<p>Yes &amp; no, said at noon.</p>",
    });
    assert.equal(partOf({}, "14.0"), undefined);
  });

  it("is cut, or left out, by its own preference, and has a preview of its own", () => {
    const cut = partOf({ TruncationSize: 20, Preview: 8 });
    assert.deepEqual(cut, {
      Status: 1,
      Type: 2,
      EstimatedDataSize: 34,
      Truncated: true,
      Data: "<p>Yes &amp; no,</p>",
      Preview: "Yes & no",
    });
    const none = partOf({ TruncationSize: 20, AllOrNone: true });
    assert.deepEqual(none, { Status: 1, Type: 2, EstimatedDataSize: 34, Truncated: true });
  });

  it("that is too large is said to be so", () => {
    const large = Buffer.from(`Content-Type: text/html\r\n\r\n${"<p>words</p>".repeat(100_000)}`);
    const { BodyPart } = mapped(large, { bodyPart: { Type: 2 } });
    assert.equal(BodyPart?.Status, 176);
    assert.equal(BodyPart?.Data, undefined);
    const cut = mapped(large, { bodyPart: { Type: 2, TruncationSize: 100 } }).BodyPart;
    assert.equal(cut?.Status, 1);
  });
});
