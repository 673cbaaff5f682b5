/**
 * `node test/load/proxies.ts [nginx|haproxy]`: a phone behind nginx and behind HAProxy (Debian's packages) with the samples of
 * docs/proxies.md, over HTTP/1.1 and over one HTTP/2 connection: a dialog, a Ping that is held for longer than the
 * proxies' own limits, a hang-up, a large mail, and the address that the gateway's log tells. Takes some 150 seconds.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { argv } from "node:process";
import { Phone } from "../client/phone.ts";
import { password } from "../rig/mail/servers.ts";
import { freePort, startMeasuredGateway } from "./gateway-process.ts";
import { openBridge } from "./proxies/bridge.ts";
import { recipes, startProxy, type ProxyName } from "./proxies/started.ts";

/** Longer than nginx's 60 s and HAProxy's usual 50 s. */
const heldSeconds = 65;

/** Where the phone is. */
const phoneAddress = "127.0.0.5";

const wanted = argv[2];
const names = (Object.keys(recipes) as ProxyName[]).filter((name) => {
  if (wanted !== undefined && name !== wanted) return false;
  const isThere = existsSync(recipes[name].program);
  if (!isThere) console.log(`${name}: not tried, apt-get install ${name}`);
  return isThere;
});

const settings = `http.trusted_proxies = ["127.0.0.1"]\npush.min_heartbeat_seconds = 1`;
await using gateway = await startMeasuredGateway(settings);
const gatewayPort = Number(new URL(gateway.url).port);

for (const name of names) await tryProxy(name);
console.log(`${names.length} proxies: all is well`);

async function tryProxy(name: ProxyName): Promise<void> {
  const port = await freePort();
  await using _proxy = await startProxy(name, { port, gatewayPort });
  await using bridge = await openBridge(port, phoneAddress);
  await dialog(`${name}, HTTP/1.1`, `https://127.0.0.1:${port}`);
  const began = performance.now();
  await dialog(`${name}, HTTP/2`, bridge.url);
  assert.ok(bridge.mostStreams() > 1, "a Sync passed beside the held Ping on the same connection");
  console.log(`${name}: ${bridge.mostStreams()} streams at once, ${since(began)}`);
  await addressOf(name, bridge.url);
  await longPing(name, bridge.url);
}

function phoneAt(url: string, user: string): Phone {
  return new Phone({ url, user, password, version: "14.1" });
}

/** First Sync, a Ping that a mail ends, a Sync beside it, a Ping that is hung up, a mail of 10 MB. */
async function dialog(title: string, url: string): Promise<void> {
  const user = gateway.mail.freshUser();
  await gateway.mail.deliver(user, Buffer.from("Subject: first\r\n\r\nhello\r\n"));
  using phone = phoneAt(url, user);
  assert.ok((await phone.client.offered()).versions.includes("14.1"));
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  assert.equal(phone.mails(inbox).size, 1);
  const ping = phone.ping({ heartbeatSeconds: 600, collectionIds: [inbox] });
  await phone.syncAll(phone.folderOfType(5));
  await gateway.mail.deliver(user, Buffer.from("Subject: second\r\n\r\nhello\r\n"));
  const delivered = performance.now();
  assert.equal((await ping).Status, 2);
  const woken = since(delivered);
  await phone.syncAll(inbox);
  assert.equal(phone.mails(inbox).size, 2);
  await hangUp(phone, inbox);
  const words = randomBytes(7_500_000).toString("base64");
  const mime = `From: <${user}>\r\nTo: <${user}>\r\nSubject: large\r\n\r\n${words.replaceAll(/.{76}/g, "$&\r\n")}\r\n`;
  assert.equal(await phone.sendMail(Buffer.from(mime)), 1);
  console.log(
    `${title}: a dialog, woken ${woken} after delivery, a mail of ${mime.length} bytes sent`,
  );
}

/** The gateway notices that the phone is gone: its log says 499. */
async function hangUp(phone: Phone, inbox: string): Promise<void> {
  gateway.takeRequests();
  const signal = AbortSignal.timeout(1_000);
  const call = phone.ping({ heartbeatSeconds: 600, collectionIds: [inbox] }, { signal });
  await assert.rejects(call);
  const { user } = phone.client.options;
  for (;;) {
    const own = gateway.takeRequests().find((line) => line.user === user && line.http === 499);
    if (own !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the log says of where a phone is, whatever the phone itself says. */
async function addressOf(name: string, url: string): Promise<void> {
  const user = gateway.mail.freshUser();
  using phone = phoneAt(url, user);
  const headers = { "X-Forwarded-For": "192.0.2.1", Forwarded: "for=192.0.2.2" };
  const answer = await phone.client.send("FolderSync", { SyncKey: "0" }, { headers });
  assert.equal(answer.httpStatus, 200);
  for (;;) {
    const own = gateway.takeRequests().find((line) => line.user === user);
    if (own === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    else {
      assert.equal(own.address, phoneAddress);
      console.log(`${name}: the log tells the phone's address, ${own.address}`);
      return;
    }
  }
}

async function longPing(name: string, url: string): Promise<void> {
  const user = gateway.mail.freshUser();
  using phone = phoneAt(url, user);
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const began = performance.now();
  const { Status } = await phone.ping({ heartbeatSeconds: heldSeconds, collectionIds: [inbox] });
  assert.equal(Status, 1);
  console.log(`${name}: a Ping of ${heldSeconds} s, answered after ${since(began)}`);
}

function since(began: number): string {
  return `${Math.round(performance.now() - began)} ms`;
}
