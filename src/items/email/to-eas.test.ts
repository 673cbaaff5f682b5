import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture, itemOf, mailOptions, mapped } from "../../../test/fixtures/mime/mails.ts";
import { tnefAttachment, tnefStream } from "../../../test/fixtures/mime/tnef.ts";
import { planBody } from "./body-plan.ts";
import { toEasChange } from "./change-elements.ts";
import type { EmailData } from "./data.ts";
import { fromEasChange } from "./from-eas.ts";
import { noFlags, type Envelope, type MailFlags, type MailItem, type Part } from "./message.ts";
import { threadTopic } from "./subject.ts";
import { toEas } from "./to-eas.ts";
import { mailVersion } from "./version.ts";

function shown(item: MailItem): EmailData {
  const plan = planBody(item, mailOptions());
  return toEas(item, plan.finish([]), {
    version: "14.1",
    fileReference: (section) => section,
    ownAddresses: [],
  });
}

function withEnvelope(change: Partial<Envelope>): EmailData {
  const item = itemOf(fixture("flowed"));
  return shown({ ...item, envelope: { ...item.envelope, ...change } });
}

function withFlags(change: Partial<MailFlags>): MailFlags {
  return { ...noFlags, ...change };
}

function names(data: EmailData): unknown[] {
  return (data.Attachments ?? []).flatMap((each) =>
    "Attachment" in each ? [each.Attachment.DisplayName] : [],
  );
}

function attached(change: Partial<Part>): unknown {
  const item = itemOf(fixture("related"));
  const part = { ...item.structure.children[1]!, ...change };
  return names(shown({ ...item, structure: { ...item.structure, children: [part] } }))[0];
}

function classOf(structure: string): string | undefined {
  return mapped(Buffer.from(structure.replaceAll("\n", "\r\n"))).MessageClass;
}

function report(action: string): string | undefined {
  return classOf(
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b\n" +
      `Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: ${action}\n--b--`,
  );
}

function receipt(disposition: string): string | undefined {
  return classOf(
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nx\n--b\n" +
      `Content-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; ${disposition}\n--b--`,
  );
}

function meeting(method: string, content = ""): string | undefined {
  return classOf(`Content-Type: text/calendar; method=${method}\n\nBEGIN:VCALENDAR\n${content}`);
}

describe("a mail for a device", () => {
  it("has the elements of its envelope", () => {
    const data = mapped(fixture("plain-latin1"));
    assert.equal(data.From, '"Jürgen Müller" <juergen@example.test>');
    assert.equal(data.To, '"Doe, Jane" <jane@example.test>, team@example.test');
    assert.equal(data.Cc, "hidden@example.test");
    assert.equal(data.ReplyTo, "answers@example.test");
    assert.equal(data.DisplayTo, "Doe, Jane; team@example.test");
    assert.equal(data.Subject, "Re: Grüße");
    assert.equal(data.ThreadTopic, "Grüße");
    assert.equal(data.Importance, 2);
    assert.equal(data.DateReceived?.toISOString(), "2026-11-24T01:02:03.000Z");
    assert.equal(data.MessageClass, "IPM.Note");
    assert.equal(data.ContentClass, "urn:content-classes:message");
    assert.equal(data.InternetCPID, "65001");
    assert.equal(data.Sender, undefined);
    assert.equal(data.Attachments, undefined);
  });

  it("has its HTML as the body of 2.5 too, where a search asks for it", () => {
    const preferences = [{ Type: 2, TruncationSize: 500 }];
    const data = mapped(fixture("alternative"), { version: "2.5", preferences });
    assert.equal(data["email:Body"], "<html><body><p>Hello in <b>HTML</b> €</p></body></html>");
    assert.equal(data.BodyTruncated, false);
  });

  it("is of normal importance where the header has no word for it", () => {
    for (const word of ["__proto__", "constructor", "soon"]) {
      const mime = Buffer.from(`Importance: ${word}\r\n\r\nx`);
      assert.equal(mapped(mime).Importance, 1);
    }
  });

  it("quotes names, and says Sender only when another one sent it", () => {
    const from = [{ name: 'O"Neill\\ \r\nB', address: "o@example.test" }];
    const sender = [{ name: "Secretary", address: "s@example.test" }];
    assert.equal(withEnvelope({ from }).From, '"O\\"Neill\\\\ B" <o@example.test>');
    assert.equal(withEnvelope({ from, sender: from }).Sender, undefined);
    assert.equal(withEnvelope({ from, sender }).Sender, '"Secretary" <s@example.test>');
    assert.equal(withEnvelope({ from: [], sender }).From, '"Secretary" <s@example.test>');
    assert.equal(withEnvelope({ from, replyTo: from }).ReplyTo, undefined);
  });

  it("leaves whole addresses out where a list passes 32,768 characters", () => {
    const to = Array.from({ length: 3000 }, (_, at) => ({
      name: "",
      address: `user${at}@example.test`,
    }));
    const list = withEnvelope({ to }).To ?? "";
    assert.ok(list.length > 32_000 && list.length <= 32_768);
    assert.match(list, /^user0@example\.test, .*@example\.test$/);
  });

  it("takes conversation ids, and the index from when it was sent", () => {
    const { ConversationId, ConversationIndex } = mapped(
      Buffer.from("Date: Mon, 30 Mar 2009 12:00:00 +0000\r\n\r\nx"),
    );
    assert.deepEqual(ConversationId, Buffer.alloc(16, 1));
    assert.equal(ConversationIndex?.toString("hex"), "c9b12f0d36");
  });

  it("says flags, categories and the last verb", () => {
    const item = itemOf(fixture("plain-latin1"));
    const flags = withFlags({ seen: true, flagStatus: 2, forwarded: true, categories: ["Red"] });
    const data = shown({ ...item, flags });
    assert.equal(data.Read, true);
    assert.deepEqual(data.Flag, {
      Subject: "Re: Grüße",
      Status: 2,
      FlagType: "Flag for follow up",
    });
    assert.deepEqual(data.Categories, { Category: ["Red"] });
    assert.equal(data.LastVerbExecuted, 3);
  });

  it("has a Change with empty elements for what is no more", () => {
    const none = { Read: false, Flag: {}, LastVerbExecuted: 0, Categories: { Category: [] } };
    assert.deepEqual(toEasChange(noFlags, "14.0"), none);
    assert.deepEqual(toEasChange(withFlags({ seen: true, answered: true }), "12.1"), {
      Read: true,
      Flag: {},
    });
    assert.equal(toEasChange(withFlags({ answered: true }), "14.1").LastVerbExecuted, 1);
  });

  it("has a Change with what alone differs of Read, Flag and Categories", () => {
    const flags = withFlags({ seen: true, flagStatus: 2, categories: ["Red"] });
    const between = (before: Partial<MailFlags>): EmailData =>
      toEasChange(flags, "14.1", mailVersion(withFlags(before)) ^ mailVersion(flags));
    assert.deepEqual(Object.keys(between({ flagStatus: 2 })), ["Read"]);
    assert.deepEqual(Object.keys(between({ seen: true })), ["Flag"]);
    assert.deepEqual(Object.keys(between({})), ["Read", "Flag"]);
    const whole = ["Read", "Flag", "LastVerbExecuted", "Categories"];
    assert.deepEqual(Object.keys(between({ answered: true })), whole);
    // The labels of categories, and those of the flag.
    assert.deepEqual(Object.keys(toEasChange(flags, "14.1", 0x100)), ["Categories"]);
    assert.deepEqual(Object.keys(toEasChange(flags, "14.1", 0x200)), ["Flag"]);
    assert.deepEqual(Object.keys(toEasChange(flags, "14.1", 0x101)), ["Read", "Categories"]);
    // 12.1 has no categories, and a Change holds something.
    assert.deepEqual(Object.keys(toEasChange(flags, "12.1", 0x100)), ["Read", "Flag"]);
  });
});

describe("what a device changes", () => {
  it("is Read, Flag and Categories, only where they are told", () => {
    assert.deepEqual(fromEasChange({}), {});
    assert.deepEqual(fromEasChange({ Read: true }), { seen: true });
    assert.deepEqual(fromEasChange({ Flag: {} }), { flagStatus: 0, followUp: {} });
    assert.deepEqual(fromEasChange({ Categories: { Category: ["b", " a", "b", ""] } }), {
      categories: ["a", "b"],
    });
  });

  it("refuses a flag status that does not exist with Status 6", () => {
    assert.throws(() => fromEasChange({ Flag: { Status: 3 } }), { name: "StatusError", status: 6 });
  });
});

describe("attachments", () => {
  it("are listed with reference, size and what the HTML needs to show them", () => {
    const data = mapped(fixture("related"));
    assert.deepEqual(data.Attachments, [
      {
        Attachment: {
          DisplayName: "image1.png",
          FileReference: "f1:1:7:1.2",
          Method: 1,
          EstimatedDataSize: 8,
          ContentId: "logo@example.test",
          IsInline: true,
        },
      },
      {
        Attachment: {
          DisplayName: "Rechnung Ü.pdf",
          FileReference: "f1:1:7:2",
          Method: 1,
          EstimatedDataSize: 8,
        },
      },
    ]);
  });

  it("shows what Outlook packs as an object with Method 6", () => {
    const method = Buffer.from([6, 0, 0, 0]);
    const packed = tnefStream(tnefAttachment("a drawing", "ole", [[0x03, 0x3705, method]]));
    const header = "Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    const [first] = mapped(Buffer.from(header + packed.toString("base64"))).Attachments ?? [];
    assert.ok(first !== undefined && "Attachment" in first);
    assert.equal(first.Attachment.Method, 6);
  });

  it("are embedded messages by Method 5, named .eml after their subject", () => {
    const [first, ...others] = mapped(fixture("nested")).Attachments ?? [];
    assert.ok(first !== undefined && "Attachment" in first && others.length === 0);
    assert.equal(first.Attachment.Method, 5);
    assert.equal(first.Attachment.DisplayName, "Inner ✓.eml");
  });

  it("never have names that are paths, deceive or are missing", () => {
    assert.equal(attached({ fileName: "C:\\temp\\..\\a.txt" }), "a.txt");
    assert.equal(attached({ fileName: "../../etc/passwd" }), "passwd");
    assert.equal(attached({ fileName: "in\u202evoice\u0000fdp.exe" }), "invoicefdp.exe");
    assert.equal(attached({ fileName: ".." }), "attachment1.pdf");
    assert.equal(attached({ fileName: "" }), "attachment1.pdf");
    assert.equal(attached({ fileName: `${"x".repeat(400)}.pdf` }), `${"x".repeat(251)}.pdf`);
    assert.equal(attached({ fileName: "winmail.dat" }), "winmail.dat");
    assert.equal(attached({ fileName: "", subtype: "ms-tnef" }), "winmail.dat");
  });

  it("are calendars and signatures too, but no bodies", () => {
    assert.deepEqual(names(mapped(fixture("alternative"))), ["attachment1.ics"]);
    assert.deepEqual(names(mapped(fixture("signed"))), ["smime.p7s"]);
    assert.deepEqual(names(mapped(fixture("report"))), ["attachment1.txt", "attachment2.txt"]);
  });
});

describe("message classes", () => {
  it("are those of S/MIME", () => {
    assert.equal(mapped(fixture("signed")).MessageClass, "IPM.Note.SMIME.MultipartSigned");
    const type = (parameters: string) =>
      classOf(
        `Content-Type: application/pkcs7-mime; ${parameters}\nContent-Transfer-Encoding: base64\n\nMIIB`,
      );
    assert.equal(type("smime-type=enveloped-data; name=smime.p7m"), "IPM.Note.SMIME");
    assert.equal(type("smime-type=signed-receipt"), "IPM.Note.Receipt.SMIME");
    assert.equal(type("smime-type=certs-only"), "IPM.Note");
    assert.equal(
      classOf("Content-Type: application/octet-stream; name=smime.p7m\n\nx"),
      "IPM.Note.SMIME",
    );
    const pgp = 'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b';
    assert.equal(classOf(`${pgp}\n\n--b\n\nx\n--b--`), "IPM.Note");
  });

  it("are those of reports, by what the report says", () => {
    assert.equal(mapped(fixture("report")).MessageClass, "REPORT.IPM.Note.NDR");
    assert.equal(report("delivered"), "REPORT.IPM.Note.DR");
    assert.equal(report("delayed"), "REPORT.IPM.Note.DELAYED");
    assert.equal(receipt("displayed"), "REPORT.IPM.Note.IPNRN");
    assert.equal(receipt("deleted"), "REPORT.IPM.Note.IPNNRN");
  });

  it("are those that Exchange names in Content-Class, where nothing else tells one", () => {
    assert.equal(classOf("Content-Class: Voice-CA\n\nx"), "IPM.Note.Microsoft.Voicemail.UM.CA");
    assert.equal(classOf("Content-Class: InfoPathForm.{4A}.Expenses\n\nx"), "IPM.InfoPathForm");
    assert.equal(classOf("Content-Class: Sharing\n\nx"), "IPM.Sharing");
    assert.equal(classOf("Content-Class: urn:content-classes:message\n\nx"), "IPM.Note");
    assert.equal(classOf("Content-Class: __proto__\n\nx"), "IPM.Note");
    const signed = fixture("signed").toString("latin1");
    const both = Buffer.from(`Content-Class: fax\r\n${signed}`, "latin1");
    assert.equal(mapped(both).MessageClass, "IPM.Note.SMIME.MultipartSigned");
  });

  it("are those of meetings, by the method of the calendar", () => {
    assert.equal(mapped(fixture("alternative")).MessageClass, "IPM.Schedule.Meeting.Request");
    assert.equal(meeting("CANCEL"), "IPM.Schedule.Meeting.Canceled");
    assert.equal(meeting("REPLY", "ATTENDEE;PARTSTAT=DECLINED:x"), "IPM.Schedule.Meeting.Resp.Neg");
    assert.equal(meeting("PUBLISH"), "IPM.Note");
  });
});

describe("thread topics", () => {
  it("are subjects without reply and forward marks", () => {
    const topics: readonly (readonly [string, string])[] = [
      ["Re: AW: Fwd: Offer", "Offer"],
      ["RE[2]: x", "x"],
      ["WG:SV: y", "y"],
      ["回复：你好", "你好"],
      ["Regarding: z", "Regarding: z"],
      ["Re:", "Re:"],
    ];
    for (const [subject, topic] of topics) assert.equal(threadTopic(subject), topic);
  });
});

it("ReceivedAsBcc is told where a mail names its user among the hidden recipients of another's mail", () => {
  const own = { name: "", address: "Bob@example.test" };
  const ann = { name: "Ann", address: "ann@example.test" };
  const told = (envelope: Partial<Envelope>): boolean | undefined => {
    const item = itemOf(fixture("flowed"));
    const changed = { ...item, envelope: { ...item.envelope, ...envelope } };
    const body = planBody(changed, mailOptions()).finish([]);
    const extras = { version: "14.1", ownAddresses: ["bob@example.test"] } as const;
    return toEas(changed, body, { ...extras, fileReference: () => "" }).ReceivedAsBcc;
  };
  assert.equal(told({ from: [ann], bcc: [own] }), true);
  assert.equal(told({ from: [own], bcc: [own] }), undefined);
  assert.equal(told({ from: [ann], bcc: [ann] }), undefined);
});
