import assert from "node:assert/strict";
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import {
  BackendUnavailable,
  SendRefused,
  type Credential,
  type MailTransport,
  type SendFault,
} from "../../backend.ts";
import type { Log } from "../../kit/log.ts";
import { messageSizeLimitBytes } from "../../../test/rig/mail/postfix.ts";
import { startRelay } from "../../../test/rig/relay.ts";
import { mailServers, password, type MailServers } from "../../../test/rig/mail/servers.ts";
import type { SmtpServer } from "./server.ts";
import { createSmtpTransport } from "./transport.ts";

const silence = (): void => undefined;
const log: Log = { debug: silence, info: silence, warn: silence, error: silence, child: () => log };
const forever = new AbortController().signal;

function credentialOf(login: string, word = password): Credential {
  return { login, password: word, fingerprint: `${login} ${word}`, clientAddress: "192.0.2.1" };
}

function mailOf(subject: string, body: Buffer | string = "hello\r\n"): Buffer {
  const head = `Subject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** A relay in between that keeps the client's lines and tells those of the server. */
async function relayTo(
  port: number,
  hear: (line: string) => void = () => undefined,
): Promise<AsyncDisposable & { readonly port: number; readonly said: readonly string[] }> {
  const said: string[] = [];
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on("error", () => to.destroy()).pipe(to);
      from.on("close", () => to.destroy());
    }
    client.on("data", (octets: Buffer) => {
      if (octets.length < 1_000) said.push(octets.toString().trimEnd());
    });
    upstream.on("data", (octets: Buffer) => hear(octets.toString()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    said,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What the user's inbox holds once `count` mails are there. */
async function inboxOf(mail: MailServers, user: string, count: number): Promise<Buffer[]> {
  await using client = await mail.imapClient(user);
  const { exists } = await client.mailboxOpen("INBOX");
  if (exists < count) {
    await new Promise<void>((resolve) => {
      client.on("exists", (event) => event.count >= count && resolve());
      void client.idle();
    });
  }
  const found = await client.fetchAll("1:*", { source: true });
  // A server may tell of flags, in lines of their own, whenever it answers.
  return found.flatMap(({ source }) => source ?? []);
}

const bodyOf = (source: Buffer): Buffer => source.subarray(source.indexOf("\r\n\r\n") + 4);

const differsAt = (one: Buffer, other: Buffer): number =>
  one.findIndex((octet, index) => octet !== other[index]);

function refusedFor(fault: SendFault, recipients: readonly string[] = []) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SendRefused, String(error));
    assert.deepEqual([error.fault, error.recipients], [fault, recipients]);
    return true;
  };
}

suite("SMTP on a real Postfix", () => {
  let mail: MailServers;
  let transport: MailTransport;
  const server = (change: Partial<SmtpServer> = {}): SmtpServer => ({
    host: "127.0.0.1",
    port: mail.smtp.port,
    security: "plain",
    authenticate: true,
    ...change,
  });
  before(async () => {
    mail = await mailServers();
    transport = createSmtpTransport(server(), { log });
  });
  after(async () => {
    await transport[Symbol.asyncDispose]();
    await mail.stop();
  });
  /** Sends from a fresh user to these recipients. */
  const send = async (recipients: readonly string[], mime: Buffer, via = transport) => {
    const from = mail.freshUser();
    await via.send(credentialOf(from), { from, recipients, mime }, forever);
  };

  test("8-bit text, lone dots and long lines arrive as they were given", async () => {
    const to = mail.freshUser();
    const lines = [".", "..", ".dots", "größe \u{1f600}", "x".repeat(900), "", ".", "end", ""];
    await send([to], mailOf("octets", lines.join("\r\n")));
    const [source = Buffer.alloc(0)] = await inboxOf(mail, to, 1);
    assert.equal(bodyOf(source).toString(), lines.join("\r\n"));
  });

  test("A lone dot between lone line feeds or returns ends no mail", async () => {
    const to = mail.freshUser();
    await send([to], mailOf("smuggled", "one\n.\ntwo\r.\rMAIL FROM:<x@example.test>\r\n"));
    const [source = Buffer.alloc(0)] = await inboxOf(mail, to, 1);
    const expected = "one\r\n.\r\ntwo\r\n.\r\nMAIL FROM:<x@example.test>\r\n";
    assert.equal(bodyOf(source).toString(), expected);
  });

  test("A mail of 5 MB arrives whole", async () => {
    const to = mail.freshUser();
    const body = Buffer.alloc(5_000_000, `${"0123456789".repeat(7)}abcdef\r\n`);
    body.write("\r\n", body.length - 2);
    await send([to], mailOf("large", body));
    const [source = Buffer.alloc(0)] = await inboxOf(mail, to, 1);
    const arrived = bodyOf(source);
    assert.equal(arrived.length, body.length);
    assert.ok(arrived.equals(body), `other octets from ${differsAt(arrived, body)} on`);
  });

  test("A refused recipient among good ones: nobody gets the mail", async () => {
    const [one, other] = [mail.freshUser(), mail.freshUser()];
    const bad = "refused@example.test";
    await using relay = await relayTo(mail.smtp.port);
    await using relayed = createSmtpTransport(server({ port: relay.port }), { log });
    const refused = refusedFor("recipients", [bad]);
    await assert.rejects(send([one, bad, other], mailOf("never"), relayed), refused);
    assert.ok(relay.said.includes(`RCPT TO:<${other}>`) && !relay.said.includes("DATA"));
    await send([one, other], mailOf("later"));
    for (const user of [one, other]) {
      const inbox = await inboxOf(mail, user, 1);
      assert.deepEqual(inbox.map(subjectOf), ["later"]);
    }
  });

  test("A recipient whose mailbox is full is told as over quota", async () => {
    const full = mail.freshUser("full");
    await assert.rejects(send([full], mailOf("x")), refusedFor("over quota", [full]));
  });

  test("A refused sender, refused content and a mail over the server's SIZE have faults of their own", async () => {
    const to = mail.freshUser();
    const outgoing = { from: "refused@example.test", recipients: [to], mime: mailOf("x") };
    const asUser = credentialOf(mail.freshUser());
    await assert.rejects(transport.send(asUser, outgoing, forever), refusedFor("sender"));
    await assert.rejects(send([to], mailOf("refused words")), refusedFor("rejected"));
    await assert.rejects(
      send([to], Buffer.alloc(messageSizeLimitBytes + 1, "x\r\n")),
      refusedFor("too large"),
    );
  });

  test("No recipients and addresses that are none are refused before DATA", async () => {
    await assert.rejects(send([], mailOf("x")), refusedFor("recipients"));
    for (const bad of ["nobody", "a@b>\r\nDATA", "two words@example.test", "@example.test"]) {
      await assert.rejects(send([bad], mailOf("x")), refusedFor("recipients", [bad]));
    }
    const outgoing = { from: "a\r\nb@c", recipients: ["a@example.test"], mime: mailOf("x") };
    const asUser = credentialOf(mail.freshUser());
    await assert.rejects(transport.send(asUser, outgoing, forever), refusedFor("sender"));
  });

  test("A wrong password is refused as a login", async () => {
    const from = mail.freshUser();
    const outgoing = { from, recipients: [from], mime: mailOf("x") };
    await assert.rejects(
      transport.send(credentialOf(from, "wrong"), outgoing, forever),
      refusedFor("login"),
    );
    await assert.rejects(
      transport.send(credentialOf(from, ""), outgoing, forever),
      refusedFor("login"),
    );
  });

  test("STARTTLS and TLS take a certificate of a known authority and no other", async () => {
    const ways = [
      { security: "starttls", port: mail.smtp.port, host: "localhost" },
      { security: "tls", port: mail.smtp.tlsPort },
    ] as const;
    for (const way of ways) {
      const to = mail.freshUser();
      await using known = createSmtpTransport(server({ ...way, ca: mail.certificate }), { log });
      await send([to], mailOf("safe"), known);
      assert.equal((await inboxOf(mail, to, 1)).length, 1);
      await using unknown = createSmtpTransport(server(way), { log });
      await assert.rejects(send([to], mailOf("x"), unknown), BackendUnavailable);
      const lax = createSmtpTransport(server({ ...way, verifyCertificate: false }), { log });
      await lax.probe(forever);
    }
  });

  test("The probe tells what the server offers; a closed port is unavailable", async () => {
    const { capabilities } = await transport.probe(forever);
    for (const name of ["SIZE", "8BITMIME", "AUTH PLAIN LOGIN"]) {
      assert.ok(capabilities.includes(name), `${name} in ${capabilities.join(", ")}`);
    }
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await using nobody = createSmtpTransport(server({ port }), { log });
    await assert.rejects(nobody.probe(forever), BackendUnavailable);
  });

  test("An address in another script needs SMTPUTF8, its domain alone does not", async () => {
    await send(["jürgen@example.test"], mailOf("utf8"));
    await send(["x@bücher.test"], mailOf("idn"));
  });

  test("A signal that fires before sending ends it with its own reason", async () => {
    const reason = new Error("the phone went away");
    const from = mail.freshUser();
    const outgoing = { from, recipients: [from], mime: mailOf("x") };
    await assert.rejects(
      transport.send(credentialOf(from), outgoing, AbortSignal.abort(reason)),
      reason,
    );
  });

  for (const [reply, words] of [
    ["250", "a login or a command"],
    ["354", "the data"],
  ] as const) {
    test(`A server that says nothing to ${words} is unavailable: nobody gets the mail`, async () => {
      const to = mail.freshUser();
      let stall = (): void => undefined;
      await using told = await relayTo(mail.smtp.port, (line) => {
        if (line.startsWith(reply)) stall();
      });
      await using relay = await startRelay(told.port);
      stall = () => relay.stall();
      const settings = { log, silenceMs: 300 };
      await using relayed = createSmtpTransport(server({ port: relay.port }), settings);
      const mime = mailOf("never", Buffer.alloc(20_000_000, `${"x".repeat(76)}\r\n`));
      await assert.rejects(send([to], mime, relayed), BackendUnavailable);
      await send([to], mailOf("later"));
      assert.deepEqual((await inboxOf(mail, to, 1)).map(subjectOf), ["later"]);
    });
  }

  test("A signal in the middle of the data ends it: nobody gets the mail", async () => {
    const [from, to] = [mail.freshUser(), mail.freshUser()];
    const stop = new AbortController();
    const reason = new Error("the phone went away");
    await using relay = await relayTo(mail.smtp.port, (line) => {
      if (line.startsWith("354")) stop.abort(reason);
    });
    await using relayed = createSmtpTransport(server({ port: relay.port }), { log });
    const mime = mailOf("never", Buffer.alloc(20_000_000, `${"x".repeat(76)}\r\n`));
    const outgoing = { from, recipients: [to], mime };
    await assert.rejects(relayed.send(credentialOf(from), outgoing, stop.signal), reason);
    assert.ok(relay.said.includes("DATA"));
    await send([to], mailOf("later"));
    assert.deepEqual((await inboxOf(mail, to, 1)).map(subjectOf), ["later"]);
  });
});

function subjectOf(source: Buffer): string | undefined {
  return /^Subject: (.*)\r$/m.exec(source.toString("latin1"))?.[1];
}
