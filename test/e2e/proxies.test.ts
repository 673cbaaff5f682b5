/**
 * A phone behind nginx and HAProxy (Debian's packages) with the samples of docs/proxies.md, over HTTP/1.1 and over
 * one HTTP/2 connection. How long they let a Ping be held is tried by test/load/proxies.ts.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { freePorts } from "../rig/mail/ports.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";
import { openBridge } from "../rig/proxies/bridge.ts";
import { proxyNames, recipes, startProxy } from "../rig/proxies/started.ts";
import { openProcesses, type GatewayProcess, type GatewayProcesses } from "./processes.ts";

/** Where the phones with HTTP/2 are. */
const phoneAddress = "127.0.0.5";

let mail: MailServers;
let processes: GatewayProcesses;
let gateway: GatewayProcess;

before(async () => {
  mail = await mailServers();
  const settings = { EASTGATE_HTTP_TRUSTED_PROXIES: "127.0.0.1" };
  processes = await openProcesses(mail, { settings });
  gateway = await processes.start();
});

after(async () => {
  await processes?.[Symbol.asyncDispose]();
  await mail?.stop();
});

function phoneAt(url: string): Phone {
  return new Phone({ url, user: mail.freshUser(), password, version: "14.1" });
}

function letter(subject: string, words = "hello"): Buffer {
  return Buffer.from(`To: <a@example.test>\r\nSubject: ${subject}\r\n\r\n${words}\r\n`);
}

/** What the log tells of requests of a phone, once it tells of one that answers the question. */
async function logged({ client }: Phone, isMeant: (line: Record<string, unknown>) => boolean) {
  const { user } = client.options;
  for (;;) {
    const own = gateway.lines.find((line) => line["user"] === user && isMeant(line));
    if (own !== undefined) return own;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** First Sync, a Sync beside a Ping, which a mail ends, a Ping that is hung up, and a mail of 10 MB. */
async function converse(url: string): Promise<void> {
  using phone = phoneAt(url);
  const { user } = phone.client.options;
  await mail.deliver(user, letter("first"));
  assert.ok((await phone.client.offered()).versions.includes("14.1"));
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const ping = phone.ping({ heartbeatSeconds: 600, collectionIds: [inbox] });
  await phone.syncAll(phone.folderOfType(5));
  await mail.deliver(user, letter("second"));
  assert.equal((await ping).Status, 2);
  await phone.syncAll(inbox);
  assert.equal(phone.mails(inbox).size, 2);
  const hangUp = { signal: AbortSignal.timeout(500) };
  const hungUp = phone.ping({ heartbeatSeconds: 600, collectionIds: [inbox] }, hangUp);
  await assert.rejects(hungUp);
  await logged(phone, ({ http }) => http === 499);
  const words = randomBytes(7_500_000).toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  assert.equal(await phone.sendMail(letter("large", words)), 1);
}

for (const name of proxyNames) {
  const { program } = recipes[name];
  const skip = existsSync(program) ? false : `no ${program}: apt-get install ${name}`;
  const options = { skip, timeout: 120_000 };
  test(
    `Behind ${name}: a phone works over HTTP/1.1 and HTTP/2, and is known by its address`,
    options,
    async () => {
      const [port = 0] = await freePorts(1);
      const gatewayPort = Number(new URL(gateway.url).port);
      await using _proxy = await startProxy(name, { port, gatewayPort });
      await converse(`https://127.0.0.1:${port}`);
      await using bridge = await openBridge(port, phoneAddress);
      await converse(bridge.url);
      assert.ok(
        bridge.mostStreams() > 1,
        "a Sync passed beside the held Ping on the same connection",
      );
      using phone = phoneAt(bridge.url);
      const headers = { "X-Forwarded-For": "192.0.2.1", Forwarded: "for=192.0.2.2" };
      await phone.client.send("FolderSync", { SyncKey: "0" }, { headers });
      const { address } = await logged(phone, () => true);
      assert.equal(address, phoneAddress, "whatever the phone itself says");
    },
  );
}
