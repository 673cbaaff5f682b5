/**
 * `node test/load/proxies.ts [nginx|haproxy]`: a Ping behind nginx and behind HAProxy (Debian's packages) with the
 * samples of docs/proxies.md, over one HTTP/2 connection, that is held for longer than the proxies' own limits. Takes
 * some 140 seconds. What else a phone does behind them is tried by test/e2e/proxies.test.ts.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { argv } from "node:process";
import { Phone } from "../client/phone.ts";
import { password } from "../rig/mail/servers.ts";
import { openBridge } from "../rig/proxies/bridge.ts";
import { proxyNames, recipes, startProxy, type ProxyName } from "../rig/proxies/started.ts";
import { freePort, startMeasuredGateway } from "./gateway-process.ts";

/** Longer than nginx's 60 s and HAProxy's usual 50 s. */
const heldSeconds = 65;

const wanted = argv[2];
const names = proxyNames.filter((name) => {
  if (wanted !== undefined && name !== wanted) return false;
  const isThere = existsSync(recipes[name].program);
  if (!isThere) console.log(`${name}: not tried, apt-get install ${name}`);
  return isThere;
});

const settings = `http.trusted_proxies = ["127.0.0.1"]\npush.min_heartbeat_seconds = 1`;
await using gateway = await startMeasuredGateway(settings);

for (const name of names) await longPing(name);
console.log(`${names.length} proxies: all is well`);

async function longPing(name: ProxyName): Promise<void> {
  const port = await freePort();
  await using _proxy = await startProxy(name, {
    port,
    gatewayPort: Number(new URL(gateway.url).port),
  });
  await using bridge = await openBridge(port, "127.0.0.1");
  const user = gateway.mail.freshUser();
  using phone = new Phone({ url: bridge.url, user, password, version: "14.1" });
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const began = performance.now();
  const { Status } = await phone.ping({ heartbeatSeconds: heldSeconds, collectionIds: [inbox] });
  assert.equal(Status, 1);
  const tookMs = Math.round(performance.now() - began);
  console.log(`${name}: a Ping of ${heldSeconds} s, answered after ${tookMs} ms`);
}
