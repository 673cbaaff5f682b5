/** Random histories of drafts over the real servers; `npm run model:drafts` plays more of them, over two processes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Config } from "../../src/config.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { startImapProxy, type ImapProxy } from "../rig/mail/proxy.ts";
import { mailServers, type MailServers } from "../rig/mail/servers.ts";
import { Chance } from "../sync/chance.ts";
import { DraftHistory } from "./draft-history.ts";

const stack = new AsyncDisposableStack();
const without = ["CONDSTORE", "QRESYNC", "UIDPLUS", "MOVE", "ESEARCH", "LITERAL+", "X-GUID"];
let mail: MailServers;
let poor: ImapProxy;
let gateway: TestGateway;

before(async () => {
  mail = stack.use(await mailServers());
  poor = stack.use(await startImapProxy(mail.imap.port, { without }));
  gateway = stack.use(await startGateway(mail, { configure: withPoorDomain }));
});

after(() => stack.disposeAsync());

function withPoorDomain(config: Config): Config {
  const [domain] = config.domains;
  assert.ok(domain);
  const imap = { ...domain.imap, host: "127.0.0.1", port: poor.port, security: "plain" } as const;
  return { ...config, domains: [domain, { ...domain, name: "poor.test", imap }] };
}

for (const seed of [1, 2, 3]) {
  test(`Drafts: a random history (seed ${seed}) loses no text, doubles none, and shows all devices the same`, async () => {
    await DraftHistory.play({ mail, urls: [gateway.url] }, new Chance(seed), 50);
  });
}

test("Drafts: so does one over a server without UIDPLUS and everything else that tells what changed", async () => {
  const world = { mail, urls: [gateway.url], domain: "poor.test" };
  await DraftHistory.play(world, new Chance(4), 50);
});
