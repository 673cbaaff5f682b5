import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { shown } from "../../../test/fixtures/mime/shown.ts";
import { fetchedFor, fixture, itemOf, mailOptions } from "../../../test/fixtures/mime/mails.ts";
import { planBody, type EmailBody } from "./body-plan.ts";
import type { MailItem } from "./message.ts";
import { parseMessage } from "./mime.ts";
import type { MailOptions } from "./options.ts";
import { utf8Size } from "./text.ts";

function bodyOf(bytes: Buffer, change: Partial<MailOptions>): EmailBody {
  const parsed = parseMessage(bytes);
  const plan = planBody(itemOf(bytes, parsed), mailOptions(change));
  return plan.finish(fetchedFor(plan, parsed));
}

function body(name: string, ...preferences: MailOptions["preferences"]): EmailBody["Body"] {
  return bodyOf(fixture(name), { preferences }).Body;
}

function htmlMail(html: string): Buffer {
  const encoded = Buffer.from(html).toString("base64").replace(/.{76}/g, "$&\r\n");
  const header =
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  return Buffer.from(header + encoded);
}

function typeAt(name: string, mimeSupport: number): number | undefined {
  const preferences = [{ Type: 1 }, { Type: 4 }];
  return bodyOf(fixture(name), { mimeSupport, preferences }).Body.Type;
}

describe("the body of a mail", () => {
  it("is plain text when no preference is told", () => {
    assert.deepEqual(body("alternative"), {
      Type: 1,
      EstimatedDataSize: 13,
      Data: "Hello in text",
    });
  });

  it("decodes quoted-printable and charset", () => {
    const Data = "Grüße aus Köln, ein sehr langer Satz der weich umbrochen ist und weitergeht.\r\n";
    assert.deepEqual(body("plain-latin1", { Type: 1 }), { Type: 1, EstimatedDataSize: 81, Data });
    assert.equal(body("japanese", { Type: 1 }).Data, "日本語");
  });

  it("is the alternative that has words", () => {
    const mail =
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n" +
      "--b\r\nContent-Type: text/html\r\n\r\n\r\n--b--";
    const { Body } = bodyOf(Buffer.from(mail), { preferences: [{ Type: 2 }] });
    assert.equal(Body.Data, "<html><body>words</body></html>");
  });

  it("is gone through before it is cut, where that is wanted", () => {
    const mail = htmlMail(
      `<p onclick="${"x".repeat(500)}">words</p><script>y()</script><p>more words</p>`,
    );
    const preferences = [{ Type: 2, TruncationSize: 30 }];
    const cut = bodyOf(mail, { preferences, htmlCare: "safe" }).Body;
    assert.equal(cut.Data, "<p>words</p><p>more words</p>");
    const mimeOf = bodyOf(mail, { mimeSupport: 2, preferences: [{ Type: 4 }], htmlCare: "safe" });
    assert.equal(mimeOf.Body.Data, mail.toString());
  });

  it("joins flowed text", () => {
    const flowed =
      "One paragraph of two lines.\r\n> quoted text\r\nFrom the start\r\n\r\n-- \r\nSignature\r\n";
    assert.equal(body("flowed", { Type: 1 }).Data, flowed);
  });

  it("is HTML where the client takes it, converted from text where the mail has none", () => {
    assert.equal(
      shown(body("alternative", { Type: 2 }).Data),
      "<html><body><p>Hello in <b>HTML</b> €</p></body></html>",
    );
    assert.equal(
      body("report", { Type: 2 }).Data,
      "<html><body>Your mail could not be delivered.</body></html>",
    );
  });

  it("prefers the native type over the order of the preferences", () => {
    assert.equal(body("alternative", { Type: 1 }, { Type: 2 }).Type, 2);
    assert.equal(body("flowed", { Type: 2 }, { Type: 1 }).Type, 1);
  });

  it("converts HTML to text when only text is wanted", () => {
    assert.equal(body("related", { Type: 1 }).Data, "See\r\nList footer");
    assert.match(
      shown(body("related", { Type: 2 }).Data),
      /cid:logo@example.test.*<div>List footer/s,
    );
  });

  it("says the native type beside the type that is sent", () => {
    assert.equal(bodyOf(fixture("related"), { preferences: [{ Type: 1 }] }).NativeBodyType, 2);
    assert.equal(bodyOf(fixture("flowed"), { preferences: [{ Type: 2 }] }).NativeBodyType, 1);
  });

  it("is cut at TruncationSize and says how large it would be", () => {
    assert.deepEqual(body("alternative", { Type: 1, TruncationSize: 5 }), {
      Type: 1,
      EstimatedDataSize: 13,
      Truncated: true,
      Data: "Hello",
    });
    assert.equal(body("alternative", { Type: 1, TruncationSize: 13 }).Truncated, undefined);
    const cut = body("alternative", { Type: 2, TruncationSize: 45 });
    assert.equal(cut.Data, "<html><body><p>Hello in </p></body></html>");
  });

  it("has no Data at TruncationSize 0, and nothing is fetched for it", () => {
    const item = itemOf(fixture("flowed"));
    const plan = planBody(item, mailOptions({ preferences: [{ Type: 1, TruncationSize: 0 }] }));
    assert.deepEqual(plan.wanted, []);
    assert.deepEqual(plan.finish([]).Body, { Type: 1, EstimatedDataSize: 87, Truncated: true });
  });

  it("gives all or none: the next type where it does not fit, no Data where none does", () => {
    const html = { Type: 2, AllOrNone: true, TruncationSize: 50 };
    assert.deepEqual(body("alternative", html, { Type: 1, TruncationSize: 5 }), {
      Type: 1,
      EstimatedDataSize: 13,
      Truncated: true,
      Data: "Hello",
    });
    assert.equal(body("alternative", { ...html, TruncationSize: 60 }, { Type: 1 }).Type, 2);
    assert.deepEqual(body("alternative", html), {
      Type: 2,
      EstimatedDataSize: 57,
      Truncated: true,
    });
    // Without TruncationSize AllOrNone means nothing (MS-ASAIRS 2.2.2.3.2).
    assert.equal(body("alternative", { Type: 2, AllOrNone: true }).Truncated, undefined);
  });

  it("has a Preview from 14.0 unless plain text is there", () => {
    const preferences = [{ Type: 2, TruncationSize: 0, Preview: 8 }];
    assert.equal(bodyOf(fixture("alternative"), { preferences }).Body.Preview, "Hello in");
    assert.equal(
      bodyOf(fixture("alternative"), { preferences, version: "12.1" }).Body.Preview,
      undefined,
    );
    assert.equal(body("alternative", { Type: 1, Preview: 8 }).Preview, undefined);
    assert.equal(body("related", { Type: 2, Preview: 255 }).Preview, "See List footer");
  });

  it("is MIME for S/MIME mails at MIMESupport 1, for all at 2, for none at 0", () => {
    assert.deepEqual(
      [0, 1, 2].map((support) => typeAt("signed", support)),
      [1, 4, 4],
    );
    assert.deepEqual(
      [0, 1, 2].map((support) => typeAt("flowed", support)),
      [1, 1, 4],
    );
    assert.equal(body("flowed", { Type: 4 }).Type, 1);
  });

  it("gives MIME unchanged, as bytes where a string would change them", () => {
    const whole = { mimeSupport: 2, preferences: [{ Type: 4 }] };
    assert.deepEqual(bodyOf(fixture("signed"), whole).Body, {
      Type: 4,
      EstimatedDataSize: fixture("signed").length,
      Truncated: false,
      Data: fixture("signed").toString("utf8"),
    });
    const binary = Buffer.from("Subject: x\r\n\r\n\xe4\x01", "latin1");
    assert.deepEqual(bodyOf(binary, whole).Body.Data, binary);
  });

  it("cuts MIME at the smaller of TruncationSize and MIMETruncation, between characters", () => {
    const mail = Buffer.from(`Subject: x\r\n\r\n${"ä".repeat(5000)}`);
    const cut = (change: Partial<MailOptions>) => {
      const { Data, Truncated } = bodyOf(mail, {
        mimeSupport: 2,
        preferences: [{ Type: 4 }],
        ...change,
      }).Body;
      return [utf8Size(shown(Data)), Truncated];
    };
    assert.deepEqual(cut({ mimeTruncation: 1 }), [4096, true]);
    assert.deepEqual(cut({ mimeTruncation: 8 }), [10_014, false]);
    assert.deepEqual(cut({ preferences: [{ Type: 4, TruncationSize: 17 }] }), [16, true]);
    assert.equal(
      bodyOf(mail, { mimeSupport: 2, mimeTruncation: 0, preferences: [{ Type: 4 }] }).Body.Data,
      undefined,
    );
  });

  it("has a BodyPart from 14.1 when the client wants one", () => {
    const change = {
      preferences: [{ Type: 1 }],
      bodyPart: { Type: 2, TruncationSize: 45, Preview: 5 },
    };
    assert.deepEqual(bodyOf(fixture("alternative"), change).BodyPart, {
      Status: 1,
      Type: 2,
      EstimatedDataSize: 57,
      Truncated: true,
      Data: "<html><body><p>Hello in </p></body></html>",
      Preview: "Hello",
    });
    assert.equal(
      bodyOf(fixture("alternative"), { ...change, version: "14.0" }).BodyPart,
      undefined,
    );
  });

  it("shows the text of a mail whose multipart no server could read", () => {
    const bytes = fixture("broken");
    const readable = itemOf(bytes);
    const structure = { ...readable.structure, section: "", type: "multipart", subtype: "mixed" };
    // Dovecot tells of one empty part.
    const empty = { ...readable.structure, section: "1", sizeBytes: 0 };
    for (const children of [[], [empty]]) {
      const item: MailItem = { ...readable, structure: { ...structure, children } };
      const plan = planBody(item, mailOptions({ preferences: [{ Type: 2 }] }));
      const { Body } = plan.finish(plan.wanted.map((wanted) => ({ ...wanted, bytes })));
      assert.match(shown(Body.Data), /^<pre>This is the text .*\r\nwith &amp; and &lt; in it/s);
    }
  });

  it("shows nothing of a mail whose parts are all empty", () => {
    const mail =
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\r\n" +
      "--b\r\nContent-Type: text/html\r\n\r\n\r\n--b--\r\n";
    for (const Type of [1, 2]) {
      const { Body } = bodyOf(Buffer.from(mail), { preferences: [{ Type }] });
      assert.deepEqual(Body, { Type, EstimatedDataSize: 0, Data: "" });
    }
  });

  it("ends outside of an entity where all that was fetched is shown", () => {
    const TruncationSize = 8_000;
    for (let shift = 0; shift < 8; shift++) {
      // What is fetched goes for a comment that is left out, and the rest fits.
      const html = `<!--${"-".repeat(36_000 + shift)}-->${"&eacute;".repeat(5_000)}`;
      for (const Type of [1, 2]) {
        const { Data } = bodyOf(htmlMail(html), { preferences: [{ Type, TruncationSize }] }).Body;
        assert.match(shown(Data), Type === 2 ? /^(?:&eacute;)+$/ : /^é+$/, `${shift} as ${Type}`);
      }
    }
  });

  it("has an empty body where the mail has none", () => {
    const mail = Buffer.from("Content-Type: application/pdf\r\n\r\n%PDF");
    const { Body } = bodyOf(mail, { preferences: [{ Type: 2 }] });
    assert.deepEqual(Body, { Type: 2, EstimatedDataSize: 0, Data: "" });
  });

  it("fetches only what TruncationSize needs of a large mail", () => {
    const bytes = htmlMail(`<p>${"word ".repeat(200_000)}</p>`);
    const item = itemOf(bytes);
    const wire = (preferences: MailOptions["preferences"]) =>
      planBody(item, mailOptions({ preferences })).wireBytes;
    assert.ok(wire([{ Type: 2, TruncationSize: 10_000 }]) < 64_000);
    assert.ok(wire([{ Type: 1, TruncationSize: 500 }]) < 64_000);
    assert.ok(wire([{ Type: 2 }]) > 1_300_000);
    assert.equal(wire([{ Type: 2, TruncationSize: 0 }]), 0);
  });

  it("keeps to the size, valid and truthful about it, for any text and size", () => {
    const text = fc.array(
      fc.constantFrom("<p>", "</p>", "word ", "größe ", "😀", "&amp;", "<b>", "</b>"),
      {
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(text, fc.nat(2500), fc.constantFrom(1, 2), (pieces, TruncationSize, Type) => {
        const html = pieces.join("");
        const whole = bodyOf(htmlMail(html), { preferences: [{ Type }] }).Body;
        const { Data, Truncated, EstimatedDataSize } = bodyOf(htmlMail(html), {
          preferences: [{ Type, TruncationSize }],
        }).Body;
        const size = utf8Size(shown(Data));
        assert.ok(size <= TruncationSize);
        assert.equal(
          Truncated === true,
          (whole.EstimatedDataSize ?? 0) > TruncationSize || (TruncationSize === 0 && html !== ""),
        );
        if (Truncated !== true) assert.equal(EstimatedDataSize, size);
        else assert.ok((EstimatedDataSize ?? 0) > size);
      }),
    );
  });
});
