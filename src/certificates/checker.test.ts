import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  purposes,
  Signer,
  usages,
  type CertificateOptions,
} from "../../test/rig/authority/authority.ts";
import { StillClock } from "../kit/still-clock.ts";
import { CertificateChecker, type Verdict } from "./checker.ts";
import { maxListBytes } from "./limits.ts";
import { isPublic } from "./public-address.ts";

const now = new Date("2026-11-25T12:00:00Z");
const dayMs = 86_400_000;
const days = (count: number): Date => new Date(now.getTime() + count * dayMs);

/** Lists by their paths; what is not there is 404. */
const lists = new Map<string, Buffer>();
let asked = 0;
let server: Server;
let base: string;
let root: Signer;
let middle: Signer;

before(async () => {
  server = createServer((request, response) => {
    asked++;
    const found = lists.get(request.url ?? "");
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  root = await Signer.root({ name: "Root" }, now);
  middle = await authority({ name: "Middle" });
});

after(() => server.close());

async function authority(options: CertificateOptions, above = root): Promise<Signer> {
  return await above.sign({ authority: {}, usages: usages.authority, ...options }, now);
}

async function user(options: Partial<CertificateOptions> = {}, above = middle): Promise<Signer> {
  const usual = { name: "Ann", usages: usages.user, purposes: [purposes.mail] };
  return await above.sign({ ...usual, ...options }, now);
}

const patience = { fetchUntilMs: Infinity, signal: new AbortController().signal };

interface Check {
  readonly leaf: Signer | Buffer;
  readonly chain?: readonly (Signer | Buffer)[];
  readonly mustKnow?: boolean;
  readonly fetches?: boolean;
  readonly allowPrivate?: boolean;
}

function der(of: Signer | Buffer): Buffer {
  return of instanceof Signer ? of.der : of;
}

function checker(fetches: boolean, allowPrivate = true, clock = new StillClock(now.getTime())) {
  return new CertificateChecker({
    clock,
    ca: root.pem,
    fetchRevocationLists: fetches,
    privateRevocationServers: allowPrivate,
  });
}

async function check({ leaf, chain = [middle], ...rest }: Check): Promise<Verdict> {
  const { mustKnow = false, fetches = false, allowPrivate = true } = rest;
  const given = { chain: chain.map(der), mustKnowRevocation: mustKnow, ...patience };
  return await checker(fetches, allowPrivate).check(der(leaf), given);
}

test("A user's certificate below a trusted authority is good, whatever else comes along", async () => {
  const leaf = await user();
  assert.equal(await check({ leaf }), "good");
  assert.equal(await check({ leaf, chain: [leaf, root, middle] }), "good");
  assert.equal(await check({ leaf: await user({}, root), chain: [] }), "good");
});

test("A chain that leads to nobody who is trusted", async () => {
  const strangeRoot = await Signer.root({ name: "Strange" }, now);
  const strange = await authority({ name: "Strange middle" }, strangeRoot);
  const leaf = await user({}, strange);
  assert.equal(await check({ leaf, chain: [strange, strangeRoot] }), "untrusted");
  assert.equal(await check({ leaf, chain: [strange] }), "incomplete chain");
  assert.equal(await check({ leaf: await user(), chain: [] }), "incomplete chain");
  const self = await Signer.root({ name: "Self", usages: usages.user }, now);
  assert.equal(await check({ leaf: self, chain: [] }), "untrusted");
});

test("A signature that does not fit, and a name that is borrowed", async () => {
  const leaf = await user();
  const torn = Buffer.from(leaf.der);
  torn[torn.length - 3] = (torn[torn.length - 3] ?? 0) ^ 1;
  assert.equal(await check({ leaf: torn }), "bad signature");
  const impostor = await authority({ name: "Middle" }, await Signer.root({ name: "Root" }, now));
  assert.equal(await check({ leaf: await user({}, impostor) }), "bad signature");
});

test("What is no certificate, and what demands something unknown", async () => {
  assert.equal(await check({ leaf: Buffer.from("nonsense") }), "malformed");
  assert.equal(await check({ leaf: Buffer.alloc(0) }), "malformed");
  assert.equal(await check({ leaf: await user(), chain: [Buffer.from("x")] }), "malformed chain");
  assert.equal(await check({ leaf: await user({ unknownDemand: true }) }), "malformed");
});

test("Times of the certificate and of those above it", async () => {
  assert.equal(await check({ leaf: await user({ notAfter: days(-0.1) }) }), "expired");
  assert.equal(await check({ leaf: await user({ notBefore: days(1) }) }), "expired");
  const old = await authority({ name: "Old", notAfter: days(-0.1) });
  assert.equal(await check({ leaf: await user({}, old), chain: [old] }), "chain expired");
});

test("Purposes: mail is signed by who may sign, and by nobody who is there for servers", async () => {
  for (const [leaf, verdict] of [
    [await user({ purposes: [purposes.servers] }), "not for signing mail"],
    [await user({ usages: usages.encryption }), "not for signing mail"],
    [await user({ purposes: [purposes.servers, purposes.mail] }), "good"],
    [await authority({ name: "Authority as a user" }, middle), "wrong role"],
  ] as const) {
    assert.equal(await check({ leaf }), verdict, leaf.certificate.subject);
  }
});

test("Roles: who signs others must be an authority, of that depth and for that purpose", async () => {
  const plain = await user({ name: "Plain user" });
  const byPlain = await user({}, plain);
  assert.equal(await check({ leaf: byPlain, chain: [plain, middle] }), "wrong role");
  const shallow = await authority({ name: "Shallow", authority: { mostBelow: 0 } });
  const below = await authority({ name: "Below" }, shallow);
  assert.equal(await check({ leaf: await user({}, shallow), chain: [shallow] }), "good");
  const tooDeep = await user({}, below);
  assert.equal(await check({ leaf: tooDeep, chain: [below, shallow] }), "wrong role");
  const mute = await authority({ name: "Mute", usages: usages.user });
  assert.equal(await check({ leaf: await user({}, mute), chain: [mute] }), "wrong use");
  const forServers = await authority({ name: "For servers", purposes: [purposes.servers] });
  assert.equal(await check({ leaf: await user({}, forServers), chain: [forServers] }), "wrong use");
});

test("Revocation: what is not fetched is not known, and counts only where it must", async () => {
  const leaf = await user({ list: `${base}/middle.crl` });
  assert.equal(await check({ leaf, mustKnow: true }), "revocation unknown");
  assert.equal(await check({ leaf }), "good");
  assert.equal(asked, 0);
});

test("Revocation: a certificate on the list, one that is not, and an authority on its own", async () => {
  const [good, bad] = [
    await user({ list: `${base}/middle.crl` }),
    await user({ list: `${base}/middle.crl` }),
  ];
  const times = { thisUpdate: days(-1), nextUpdate: days(1) };
  lists.set("/middle.crl", await middle.list([bad], times));
  // The authority between has no list: what it is about is not known.
  assert.equal(await check({ leaf: good, fetches: true }), "good");
  assert.equal(await check({ leaf: bad, fetches: true }), "revoked");
  const listed = await authority({ name: "Listed", list: `${base}/root.crl` });
  lists.set("/root.crl", await root.list([listed], times));
  const leaf = await user({}, listed);
  assert.equal(await check({ leaf, chain: [listed], fetches: true }), "chain revoked");
  const whole = await authority({ name: "Whole", list: `${base}/root.crl` });
  const own = await user({ list: `${base}/whole.crl` }, whole);
  lists.set("/whole.crl", await whole.list([], times));
  assert.equal(await check({ leaf: own, chain: [whole], fetches: true, mustKnow: true }), "good");
});

test("Revocation: a list that is old, another's, torn, too large or not there", async () => {
  const whole = await authority({ name: "Lists", list: `${base}/root-2.crl` });
  lists.set("/root-2.crl", await root.list([], { thisUpdate: days(-1), nextUpdate: days(1) }));
  const check2 = async (list: string): Promise<Verdict> => {
    const leaf = await user({ list }, whole);
    return await check({ leaf, chain: [whole], fetches: true, mustKnow: true });
  };
  lists.set("/old.crl", await whole.list([], { thisUpdate: days(-3), nextUpdate: days(-1) }));
  lists.set("/other.crl", await middle.list([], { thisUpdate: days(-1), nextUpdate: days(1) }));
  lists.set("/torn.crl", Buffer.from("torn"));
  lists.set("/large.crl", Buffer.alloc(maxListBytes + 1));
  assert.equal(await check2(`${base}/old.crl`), "revocation unknown");
  assert.equal(await check2(`${base}/other.crl`), "revocation unknown");
  assert.equal(await check2(`${base}/torn.crl`), "revocation unknown");
  assert.equal(await check2(`${base}/large.crl`), "revocation server offline");
  assert.equal(await check2(`${base}/none.crl`), "revocation server offline");
  assert.equal(await check2("ldap://127.0.0.1/cn=list"), "revocation server offline");
});

test("Revocation: servers inside are not asked unless the operator wants it, by name or by address", async () => {
  const askedBefore = asked;
  for (const list of [
    `${base}/middle.crl`,
    base.replace("127.0.0.1", "localhost"),
    "http://[::1]/x",
  ]) {
    const leaf = await user({ list });
    const verdict = await check({ leaf, fetches: true, allowPrivate: false, mustKnow: true });
    assert.equal(verdict, "revocation unknown", list);
  }
  assert.equal(asked, askedBefore);
});

test("Revocation: a list is fetched once, and again after an hour", async () => {
  const clock = new StillClock(now.getTime());
  const one = checker(true, true, clock);
  const leaf = await user({ list: `${base}/kept.crl` });
  lists.set("/kept.crl", await middle.list([], { thisUpdate: days(-1), nextUpdate: days(2) }));
  const given = { chain: [middle.der], mustKnowRevocation: false, ...patience };
  const askedBefore = asked;
  assert.deepEqual(
    [await one.check(leaf.der, given), await one.check(leaf.der, given)],
    ["good", "good"],
  );
  assert.equal(asked - askedBefore, 1);
  lists.set("/kept.crl", await middle.list([leaf], { thisUpdate: days(-1), nextUpdate: days(2) }));
  clock.advance(3_600_001);
  assert.equal(await one.check(leaf.der, given), "revoked");
});

test("Revocation: a server that is offline is asked again after a minute, and nobody once it is late", async () => {
  const clock = new StillClock(now.getTime());
  const one = checker(true, true, clock);
  const leaf = await user({ list: `${base}/later.crl` }, root);
  const given = { chain: [], mustKnowRevocation: true, ...patience };
  const askedBefore = asked;
  assert.equal(await one.check(leaf.der, given), "revocation server offline");
  lists.set("/later.crl", await root.list([], { thisUpdate: days(-1), nextUpdate: days(1) }));
  assert.equal(await one.check(leaf.der, given), "revocation server offline");
  assert.equal(asked - askedBefore, 1);
  clock.advance(60_001);
  const late = { ...given, fetchUntilMs: clock.now() };
  assert.equal(await one.check(leaf.der, late), "revocation server offline");
  assert.equal(await one.check(leaf.der, given), "good");
  assert.equal(asked - askedBefore, 2);
});

test("Addresses: what is not of the public internet, in all its spellings", () => {
  for (const inside of [
    ..."127.0.0.1 10.1.2.3 172.31.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255".split(
      " ",
    ),
    ..."::1 :: fe80::1 fc00::1 fd12::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::".split(
      " ",
    ),
    "localhost",
  ]) {
    assert.equal(isPublic(inside), false, inside);
  }
  for (const outside of [
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "2606:4700::1",
    "::ffff:1.1.1.1",
  ]) {
    assert.equal(isPublic(outside), true, outside);
  }
});
