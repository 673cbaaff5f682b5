/** The whole gateway over servers that lack what Dovecot has: everything works, and nothing is asked that is not offered. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Config } from "../../src/config.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { Phone } from "../client/phone.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { startImapProxy, type ImapProxy } from "../rig/mail/proxy.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";
import { playDrafts } from "./play-drafts.ts";
import { playAll, type Scene } from "./play.ts";

/** Each capability alone; those that build upon it go with it (RFC 7162 3.2.1, RFC 6154 3, RFC 5819 2). */
const lacks: readonly (readonly string[])[] = [
  ["CONDSTORE", "QRESYNC"],
  ["QRESYNC"],
  ["MODSEQ"],
  ["ENABLE"],
  ["MOVE"],
  ["UIDPLUS"],
  ["IDLE"],
  ["SPECIAL-USE", "CREATE-SPECIAL-USE"],
  ["LIST-EXTENDED", "LIST-STATUS"],
  ["LIST-STATUS"],
  ["ESEARCH"],
  ["LITERAL+"],
  ["NAMESPACE"],
  ["UNSELECT"],
  ["ID"],
  ["X-GUID"],
  ["UTF-8"],
];
const everything = [...new Set(lacks.flat())];

/** What no capability names is tried once. */
const mayBeTried = /X-GUID|CHARSET/;

const domainOf = (without: readonly string[]): string =>
  without === everything
    ? "poor.test"
    : `no-${(without[0] ?? "").toLowerCase().replace("+", "-plus")}.test`;

const clock = new StillClock(systemClock.now());
const proxies = new Map<string, ImapProxy>();
const stack = new AsyncDisposableStack();
let mail: MailServers;
let gateway: TestGateway;

before(async () => {
  mail = stack.use(await mailServers());
  for (const without of [...lacks, everything]) {
    const proxy = stack.use(await startImapProxy(mail.imap.port, { without }));
    proxies.set(domainOf(without), proxy);
  }
  gateway = stack.use(await startGateway(mail, { clock, configure: overProxies }));
});

after(() => stack.disposeAsync());

/** A mail domain for each proxy. */
function overProxies(config: Config): Config {
  const [domain] = config.domains;
  assert.ok(domain);
  const domains = Array.from(proxies, ([name, { port }]) => {
    const imap = { ...domain.imap, host: "127.0.0.1", port, security: "plain" } as const;
    return { ...domain, name, imap };
  });
  return { ...config, domains };
}

/** A user behind one of the proxies: his phone, and another client of his at the server itself. */
interface PoorScene extends Scene, AsyncDisposable {
  readonly proxy: ImapProxy;
}

async function openScene(domain: string): Promise<PoorScene> {
  const proxy = proxies.get(domain);
  assert.ok(proxy);
  // Each scene begins in the present: the mail server's clock goes on.
  clock.advance(systemClock.now() - clock.now());
  const user = mail.freshUser();
  const login = `${user.split("@")[0]}@${domain}`;
  const phone = new Phone({ url: gateway.url, user: login, password, version: "14.1" });
  const other = await mail.imapClient(user);
  return {
    user,
    phone,
    other,
    proxy,
    mail,
    clock,
    prefix: "",
    held: () => gateway.gateway.push.held(),
    [Symbol.asyncDispose]: async () => {
      phone[Symbol.dispose]();
      await other.logout();
    },
  };
}

for (const without of [...lacks, everything]) {
  const name = without === everything ? "all of these" : without.join(" and ");
  test(`Poor server: everything works without ${name}`, async () => {
    await using scene = await openScene(domainOf(without));
    await playAll(scene);
    await playDrafts(scene);
    const { refused } = scene.proxy;
    assert.deepEqual(
      refused.filter((command) => !mayBeTried.test(command)),
      [],
      "nothing is asked that the server does not offer",
    );
  });
}
