import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { generate, type SelfsignedOptions } from "selfsigned";
import { loadConfig } from "../config.ts";
import { checkCertificate } from "./check-certificate.ts";
import { judgeImap, judgeSmtp } from "./check-servers.ts";
import { lineOf, look } from "./finding.ts";

const dayMs = 86_400_000;
const now = Date.parse("2026-11-24T12:00:00Z");

suite("eastgate check judges a certificate", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-check-"));
  after(() => rm(folder, { recursive: true }));

  async function judged(options: SelfsignedOptions, otherKey = false): Promise<readonly string[]> {
    const pair = { keySize: 2_048, algorithm: "sha256" } as const;
    const made = await generate([{ name: "commonName", value: "mail.test" }], {
      ...pair,
      notBeforeDate: new Date(now - dayMs),
      notAfterDate: new Date(now + 90 * dayMs),
      extensions: [
        { name: "subjectAltName", altNames: [{ type: 2, value: "mail.test" }] },
        { name: "extKeyUsage", serverAuth: true },
      ],
      ...options,
    });
    const key = otherKey ? (await generate([], pair)).private : made.private;
    await writeFile(join(folder, "certificate.pem"), made.cert);
    await writeFile(join(folder, "key.pem"), key);
    const config = loadConfig({
      env: {
        EASTGATE_TLS_CERTIFICATE: join(folder, "certificate.pem"),
        EASTGATE_TLS_KEY: join(folder, "key.pem"),
        EASTGATE_DOMAINS_0_NAME: "mail.test",
        EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
        EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
      },
    });
    return (await checkCertificate(config, now)).map(lineOf);
  }

  test("that phones take", async () => {
    assert.deepEqual(await judged({}), ["ok    certificate: for DNS:mail.test, until 2027-02-22"]);
  });

  test("that has ended, or will soon", async () => {
    assert.deepEqual(await judged({ notAfterDate: new Date(now - 1_000) }), [
      "FAIL  certificate: ended on 2026-11-24: renew it",
    ]);
    assert.deepEqual(await judged({ notAfterDate: new Date(now + 3 * dayMs) }), [
      "warn  certificate: ends on 2026-11-27: renew it",
    ]);
  });

  test("that iPhones refuse", async () => {
    const extensions = [
      { name: "subjectAltName", altNames: [{ type: 2, value: "mail.test" }] },
    ] satisfies SelfsignedOptions["extensions"];
    assert.deepEqual(await judged({ extensions, notAfterDate: new Date(now + 3_650 * dayMs) }), [
      "warn  certificate: runs longer than 825 days: iPhones refuse it",
      "warn  certificate: is not marked for TLS servers (extended key usage): iPhones refuse it",
    ]);
  });

  test("whose key is another's", async () => {
    assert.deepEqual(await judged({}, true), [
      "FAIL  certificate: tls.key is not the key of tls.certificate",
    ]);
  });
});

suite("eastgate check judges servers", () => {
  const dovecot =
    "IMAP4rev1 ID IDLE CONDSTORE QRESYNC UIDPLUS MOVE SPECIAL-USE LIST-STATUS AUTH=PLAIN";

  test("an IMAP server that has all", () => {
    const found = judgeImap("IMAP mail.test", dovecot.split(" "), true);
    assert.deepEqual(
      found.map(({ level }) => level),
      ["ok"],
    );
  });

  test("an IMAP server that has less: what works less well", () => {
    const found = judgeImap("IMAP mail.test", ["IMAP4rev1", "IDLE"], true).map(lineOf);
    assert.ok(found.includes("warn  IMAP mail.test: has no MOVE: a move is a copy and a delete"));
    assert.equal(found.length, 8);
  });

  test("an IMAP server before login, which tells little then", () => {
    const found = judgeImap("IMAP mail.test", ["IMAP4rev1", "ID"], false);
    assert.deepEqual(
      found.map(({ level }) => level),
      ["ok"],
    );
  });

  test("a submission server without AUTH, unless none is wanted", () => {
    const levels = (authenticate: boolean) =>
      judgeSmtp("SMTP mail.test", ["SIZE 1000", "8BITMIME"], authenticate).map(
        ({ level }) => level,
      );
    assert.deepEqual(levels(true), ["ok", "fail"]);
    assert.deepEqual(levels(false), ["ok"]);
  });

  test("a server that is away", async () => {
    const found = await look("IMAP mail.test", () => Promise.reject(new Error("ECONNREFUSED")));
    assert.deepEqual(found.map(lineOf), ["FAIL  IMAP mail.test: ECONNREFUSED"]);
  });
});
