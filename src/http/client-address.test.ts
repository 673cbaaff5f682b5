import assert from "node:assert/strict";
import { test } from "node:test";
import { TrustedProxies } from "./client-address.ts";

const proxies = new TrustedProxies(["10.0.0.0/8", "2001:db8::1", "127.0.0.1"]);

test("Client address: a stranger's headers are not believed", () => {
  const told = { xForwardedFor: "198.51.100.7", forwarded: "for=198.51.100.8" };
  assert.equal(proxies.clientAddress("192.0.2.1", told), "192.0.2.1");
});

test("Client address: the nearest hop that is no proxy counts, not what the client made up", () => {
  const xForwardedFor = "203.0.113.9, 198.51.100.7, 10.1.1.1";
  assert.equal(proxies.clientAddress("::ffff:10.0.0.2", { xForwardedFor }), "198.51.100.7");
});

test("Client address: Forwarded is read with ports, quotes and brackets", () => {
  const read = (forwarded: string): string => proxies.clientAddress("127.0.0.1", { forwarded });
  assert.equal(read("for=192.0.2.60;proto=https;by=10.0.0.1"), "192.0.2.60");
  assert.equal(read('by=10.0.0.1;For="[2001:db8:cafe::17]:4711"'), "2001:db8:cafe::17");
  assert.equal(read('for="192.0.2.43:8080", for="[2001:db8::1]"'), "192.0.2.43");
});

test("Client address: a hidden or broken hop ends the search at the proxy", () => {
  for (const forwarded of ["for=_hidden", "for=unknown", "proto=https", ""]) {
    assert.equal(proxies.clientAddress("10.0.0.2", { forwarded }), "10.0.0.2", forwarded);
  }
  assert.equal(proxies.clientAddress("10.0.0.2", { xForwardedFor: "x, y" }), "10.0.0.2");
});
