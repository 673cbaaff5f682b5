/** The endpoint over real sockets and a real database; what stands behind it is told by each test. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { EasClient, type ClientOptions } from "../../test/client/client.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import { Accounts } from "../accounts/accounts.ts";
import { BackendError, BackendUnavailable, LoginRefused } from "../backend.ts";
import { MultipartAnswer, RawAnswer, type Context, type Handlers } from "../commands/context.ts";
import { Devices } from "../devices/devices.ts";
import { LoopWatch } from "../devices/loop-watch.ts";
import { OutOfOffice } from "../devices/out-of-office.ts";
import { Recovery } from "../devices/recovery.ts";
import { Traces } from "../devices/traces.ts";
import { systemClock } from "../kit/clock.ts";
import { octetsOf } from "../kit/octets.ts";
import { createLog } from "../kit/pino-log.ts";
import { SpoolFolder } from "../kit/spool.ts";
import { createPush } from "../push/push.ts";
import { StoreUnavailable } from "../store/errors.ts";
import { createApp } from "./app.ts";
import { TrustedProxies } from "./client-address.ts";
import { InFlight } from "./in-flight.ts";
import { Pacing } from "./pacing.ts";
import { maxHeaderBytes, type PatienceMs } from "./limits.ts";
import { RequestMetrics } from "./metrics.ts";
import { createOffer } from "./offer.ts";
import { stop } from "./stop.ts";

const { database, ...rest } = await openTestDatabase();
after(() => rest[Symbol.asyncDispose]());

/** Handlers of everything that 12.0 to 16.1 need, each answering the least. */
const complete: Handlers = {
  Sync: async () => undefined,
  SendMail: async () => undefined,
  GetAttachment: async () => new RawAnswer("image/png", Buffer.from("png")),
  FolderSync: async () => ({ Status: 1, SyncKey: "1" }),
  GetItemEstimate: async () => ({ Status: 1, Response: [] }),
  Settings: async () => ({ Status: 1 }),
  Ping: async () => ({ Status: 1 }),
  ItemOperations: async () => ({ Status: 1 }),
  Provision: async () => ({ Status: 1 }),
  Find: async () => ({ Status: 1 }),
};

interface Scene {
  readonly url: string;
  readonly lines: Record<string, unknown>[];
  readonly metrics: RequestMetrics;
  readonly draining: AbortController;
  readonly push: Context["push"];
  /** Mailboxes opened and not yet given back. */
  readonly mailboxes: () => number;
  readonly spool: SpoolFolder;
  readonly client: (options?: Partial<ClientOptions>) => EasClient;
  readonly stop: (seconds: number) => Promise<void>;
}

/** What a test may want otherwise of the endpoint. */
interface SceneOptions {
  readonly requiresPolicy?: boolean;
  readonly trustedProxies?: readonly string[];
  readonly patienceMs?: PatienceMs;
  readonly maxBodyBytes?: number;
}

async function scene(
  t: TestContext,
  handlers: Handlers = {},
  {
    requiresPolicy = false,
    trustedProxies = [],
    patienceMs,
    maxBodyBytes = 100_000,
  }: SceneOptions = {},
): Promise<Scene> {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("debug", { write: (line) => void lines.push(JSON.parse(line)) });
  const push = createPush(systemClock, { minSeconds: 60, maxSeconds: 3_540 });
  const draining = new AbortController();
  const metrics = new RequestMetrics({
    heldRequests: () => push.held(),
    averageHeartbeatSeconds: () => push.averageHeartbeatSeconds(),
    imapSessions: () => 0,
  });
  const all = { ...complete, ...handlers };
  const traces = await Traces.open({ database, clock: systemClock, log });
  let mailboxes = 0;
  const spool = new SpoolFolder(join(tmpdir(), "eastgate-app-test"));
  const check = async ({ password }: { readonly password: string }): Promise<void> => {
    if (password === "down") throw new BackendUnavailable("the mail server at 10.9.8.7 is away");
    if (password !== "right") throw new LoginRefused("no");
  };
  const app = createApp(
    {
      accounts: new Accounts({
        sql: database,
        clock: systemClock,
        backendOf: () => ({ check }),
        addressesOf: async () => [],
        cacheSeconds: 600,
        domains: [{ name: "example.com", aliases: [], login: "address" }],
        defaultDomain: "example.com",
      }),
      devices: new Devices({ database, clock: systemClock, requiresPolicy: () => requiresPolicy }),
      outOfOffice: new OutOfOffice(database),
      recovery: new Recovery({ database, clock: systemClock, key: undefined }),
      certificates: { check: async () => "good" },
      directory: { find: async () => ({ people: [], total: 0 }) },
      loops: new LoopWatch({ sql: database, clock: systemClock, log }),
      traces,
      handlers: all,
      offer: createOffer(all),
      // Handlers of this file use neither the sync state nor the mailbox.
      sync: {} as Context["sync"],
      push,
      proxies: new TrustedProxies(trustedProxies),
      inFlight: new InFlight(),
      pacing: new Pacing(systemClock, 0),
      metrics,
      clock: systemClock,
      log,
      realm: "Eastgate",
      maxBodyBytes,
      htmlCare: "unchanged",
      spool,
      draining: draining.signal,
      openMailbox: async () => {
        mailboxes += 1;
        const mailbox: Partial<Context["mailbox"]> = {
          roundTrips: () => 3,
          [Symbol.asyncDispose]: async () => void (mailboxes -= 1),
        };
        return mailbox as Context["mailbox"];
      },
    },
    undefined,
    patienceMs,
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  const clients: EasClient[] = [];
  t.after(async () => {
    for (const client of clients) client[Symbol.dispose]();
    app.server.closeAllConnections();
    await app.close();
  });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    url,
    lines,
    metrics,
    draining,
    push,
    mailboxes: () => mailboxes,
    spool,
    client: (options = {}) => {
      const base = { url, user: "ann", password: "right", version: "14.1" } as const;
      const client = new EasClient({ ...base, ...options });
      clients.push(client);
      return client;
    },
    stop: async (seconds) => {
      draining.abort();
      await stop({ app, clock: systemClock, drain: () => push.drain(seconds) });
    },
  };
}

const path = "/Microsoft-Server-ActiveSync";

test("OPTIONS: tells versions and commands from the registry", async (t) => {
  const { client } = await scene(t);
  const { versions, commands } = await client().offered();
  assert.deepEqual(versions, ["12.0", "12.1", "14.0", "14.1", "16.0", "16.1"]);
  assert.deepEqual(commands.toSorted(), Object.keys(complete).toSorted());
});

test("Every path asks for credentials, whatever the method", async (t) => {
  const { url } = await scene(t);
  const targets = [
    ["OPTIONS", path],
    ["POST", `${path}?Cmd=Sync&DeviceId=a&DeviceType=b`],
    ["POST", path],
    ["GET", path],
    ["GET", "/"],
    ["POST", "/autodiscover/autodiscover.xml"],
    ["GET", "/autodiscover/autodiscover.json?Email=a@b&Protocol=ActiveSync"],
    ["OPTIONS", "/anything"],
  ] as const;
  for (const [method, target] of targets) {
    const answer = await fetch(url + target, { method });
    assert.equal(answer.status, 401, `${method} ${target}`);
    const challenge = answer.headers.get("WWW-Authenticate");
    assert.equal(challenge, 'Basic realm="Eastgate", charset="UTF-8"');
    assert.equal(answer.headers.get("Content-Length"), "0");
  }
});

test("A wrong password is 401, a mail server out of reach 503 with Retry-After", async (t) => {
  const { client } = await scene(t);
  const wrong = await client({ password: "wrong" }).send("FolderSync", { SyncKey: "0" });
  assert.equal(wrong.httpStatus, 401);
  const away = await client({ password: "down" }).send("FolderSync", { SyncKey: "0" });
  assert.equal(away.httpStatus, 503);
  assert.ok(Number(away.headers["retry-after"]) > 0);
  assert.equal(away.bytes.length, 0, "nothing of the reason goes out");
});

test("A password in ISO-8859-1 gets in as one in UTF-8 does", async (t) => {
  const { url } = await scene(t);
  const authorization = `Basic ${Buffer.from("änn@example.com:right", "latin1").toString("base64")}`;
  const headers = { Authorization: authorization };
  assert.equal((await fetch(url + path, { method: "OPTIONS", headers })).status, 200);
});

test("A command is answered in every offered version, in both forms of the query", async (t) => {
  const { client, lines } = await scene(t);
  for (const version of ["12.0", "12.1", "14.0", "14.1", "16.0", "16.1"] as const) {
    for (const base64 of [false, true]) {
      const device = client({ version, base64, deviceId: "00112233445566778899aabbccddeeff" });
      const answer = await device.send("FolderSync", { SyncKey: "0" });
      assert.equal(answer.httpStatus, 200);
      assert.deepEqual(answer.body?.SyncKey, "1");
      assert.equal(answer.headers["content-length"], String(answer.bytes.length));
    }
  }
  const count = "SELECT count(*) AS count FROM devices WHERE device_id = $1";
  const rows = await database.rows("test.count", count, ["00112233445566778899aabbccddeeff"]);
  assert.deepEqual(rows, [{ count: 1n }], "both forms are one device");
  const [line] = lines.filter(({ msg }) => msg === "request");
  const known = { command: "FolderSync", version: "12.0", http: 200, status: 1, roundTrips: 3 };
  for (const [name, value] of Object.entries(known)) assert.equal(line?.[name], value, name);
  assert.equal(line?.["user"], "ann@example.com");
});

test("A wrong version byte beside a right header is tolerated", async (t) => {
  const { url } = await scene(t);
  const query = "kQkJBBZyZW0xNzk1Mzk3OTI0MjE5MjQ5NTIwAApTbWFydFBob25lCAd1c2VyMDg5"; // 145, FolderSync
  const authorization = `Basic ${Buffer.from("ann:right").toString("base64")}`;
  const body = Buffer.from("03016a00000756520330000101", "hex");
  const send = (headers: Record<string, string>) =>
    fetch(`${url}${path}?${query}`, {
      method: "POST",
      headers: {
        Authorization: authorization,
        "Content-Type": "application/vnd.ms-sync",
        ...headers,
      },
      body,
    });
  assert.equal((await send({ "MS-ASProtocolVersion": "14.1" })).status, 200);
  const alone = await send({});
  assert.equal(alone.status, 505);
  assert.equal(alone.headers.get("MS-ASProtocolVersions"), "12.0,12.1,14.0,14.1,16.0,16.1");
});

test("Versions and commands that are not here are refused with their codes", async (t) => {
  const { client, url } = await scene(t, { Settings: undefined as never });
  const refused = async (name: string, version: ClientOptions["version"]): Promise<number> =>
    (await client({ version }).sendBytes(name, undefined)).httpStatus;
  assert.equal(await refused("FolderSync", "2.5"), 505);
  assert.equal(await refused("Nonsense", "14.1"), 501);
  assert.equal(await refused("constructor", "14.1"), 501);
  assert.equal(await refused("GetAttachment", "14.1"), 400);
  assert.equal(await refused("Search", "12.1"), 501);
  const search = await client().send("Search", undefined);
  assert.equal(search.httpStatus, 200);
  assert.equal(search.body?.Status, commonStatus.CommandNotSupported);
  const headers = { Authorization: `Basic ${Buffer.from("ann:right").toString("base64")}` };
  const target = `${url}${path}?Cmd=Ping&DeviceId=x&DeviceType=y`;
  assert.equal((await fetch(target, { method: "POST", headers })).status, 400, "no version");
  const noDevice = `${url}${path}?Cmd=Ping&DeviceType=y`;
  assert.equal((await fetch(noDevice, { method: "POST", headers })).status, 400);
  assert.equal((await fetch(url + path, { headers })).status, 501, "GET");
  assert.equal((await fetch(`${url}/elsewhere`, { headers })).status, 404);
});

test("A device hears once that other versions are on offer", async (t) => {
  const { client } = await scene(t);
  const device = client();
  const told = async () => (await device.send("FolderSync", { SyncKey: "1" })).headers["x-ms-rp"];
  assert.equal(await told(), undefined, "a new device has just read the offer");
  const older = "UPDATE devices SET offered_versions = '12.1,14.0' WHERE device_id = $1";
  await database.rows("test.older", older, [device.deviceId]);
  const { headers } = await device.send("FolderSync", { SyncKey: "1" });
  assert.equal(headers["x-ms-rp"], "12.0,12.1,14.0,14.1,16.0,16.1");
  assert.equal(headers["ms-asprotocolversions"], "12.0,12.1,14.0,14.1,16.0,16.1");
  assert.ok(String(headers["ms-asprotocolcommands"]).includes("FolderSync"));
  assert.equal(await told(), undefined);
});

test("A device without the key of its policy may only provision, in both forms of the query", async (t) => {
  const { client } = await scene(t, {}, { requiresPolicy: true });
  const old = await client({ version: "12.1" }).send("FolderSync", { SyncKey: "0" });
  assert.equal(old.httpStatus, 449);
  const device = client();
  assert.equal((await device.send("FolderSync", { SyncKey: "0" })).body?.Status, 142);
  assert.equal((await device.send("Provision", undefined)).body?.Status, 1);
  const acknowledged = `UPDATE devices SET policy_key = 7, policy_state = 'acknowledged' WHERE device_id = $1`;
  await database.rows("test.acknowledged", acknowledged, [device.deviceId]);
  const { deviceId } = device;
  for (const base64 of [false, true]) {
    const same = client({ base64, deviceId });
    for (const [key, status] of [
      ["8", 144],
      ["7", 1],
    ] as const) {
      same.policyKey = key;
      const { body } = await same.send("FolderSync", { SyncKey: "0" });
      assert.equal(body?.Status, status, `${key}, base64 ${base64}`);
    }
  }
});

test("The log tells the address that a trusted proxy tells, and no other", async (t) => {
  const headers = { "X-Forwarded-For": "192.0.2.7" };
  for (const [trusted, address] of [
    ["127.0.0.1", "192.0.2.7"],
    ["10.0.0.0/8", "127.0.0.1"],
  ] as const) {
    const { client, lines } = await scene(t, {}, { trustedProxies: [trusted] });
    await client().sendBytes("FolderSync", Buffer.from("03016a00000756520330000101", "hex"), {
      headers,
    });
    while (!lines.some(({ msg }) => msg === "request")) await turn();
    assert.equal(lines.find(({ msg }) => msg === "request")?.["address"], address);
  }
});

test("The path is read without regard to case", async (t) => {
  const { url } = await scene(t);
  const headers = { Authorization: `Basic ${Buffer.from("ann:right").toString("base64")}` };
  for (const spelled of [path.toLowerCase(), path.toUpperCase(), `${path}/`]) {
    assert.equal((await fetch(url + spelled, { method: "OPTIONS", headers })).status, 200, spelled);
  }
});

test("A body that is no WBXML is Status 102 from 14.0 on, HTTP 400 before", async (t) => {
  const { client } = await scene(t);
  const garbage = Buffer.from("no wbxml at all");
  const later = await client().sendBytes("FolderSync", garbage);
  assert.equal(later.httpStatus, 200);
  assert.equal(later.bytes.includes(Buffer.from("102")), true);
  assert.equal(
    (await client({ version: "12.1" }).sendBytes("FolderSync", garbage)).httpStatus,
    400,
  );
});

test("A thrown status is the command's, common ones are HTTP statuses up to 12.1", async (t) => {
  const thrown = { status: 9 };
  const { client } = await scene(t, {
    FolderSync: async () => {
      throw new StatusError(thrown.status);
    },
  });
  const outcome = async (version: ClientOptions["version"]) => {
    const { httpStatus, body } = await client({ version }).send("FolderSync", { SyncKey: "0" });
    return [httpStatus, body?.Status];
  };
  assert.deepEqual(await outcome("12.1"), [200, 9]);
  assert.deepEqual(await outcome("14.1"), [200, 9]);
  thrown.status = commonStatus.MailboxQuotaExceeded;
  assert.deepEqual(await outcome("12.1"), [507, undefined]);
  assert.deepEqual(await outcome("14.1"), [200, 113]);
});

test("What the servers behind refuse is told as it should", async (t) => {
  const thrown: { error: Error } = { error: new StoreUnavailable("away") };
  const { client } = await scene(t, {
    FolderSync: async () => {
      throw thrown.error;
    },
  });
  const send = () => client().send("FolderSync", { SyncKey: "0" });
  assert.equal((await send()).httpStatus, 503);
  thrown.error = new LoginRefused("the password was changed");
  assert.equal((await send()).httpStatus, 401);
  thrown.error = new BackendError("over quota", "full");
  assert.equal((await send()).body?.Status, commonStatus.MailboxQuotaExceeded);
});

test("A bug is logged with an id, and only the id goes out", async (t) => {
  const { client, lines } = await scene(t, {
    FolderSync: async () => {
      throw new TypeError("secret of the database");
    },
  });
  const { httpStatus, bytes } = await client().send("FolderSync", { SyncKey: "0" });
  assert.equal(httpStatus, 500);
  const [, id] = /^Error ([0-9a-f-]{36})\n$/.exec(bytes.toString()) ?? [];
  assert.ok(id);
  const line = lines.find(({ errorId }) => errorId === id);
  assert.match(JSON.stringify(line), /secret of the database/);
});

test("SendMail of 12.1 is MIME in the body and SaveInSent in the query", async (t) => {
  const seen: unknown[] = [];
  const { client } = await scene(t, {
    SendMail: async (request) => {
      seen.push(request);
      return undefined;
    },
  });
  const mime = Buffer.from("Subject: hello\r\n\r\nhello");
  const call = { contentType: "message/rfc822", query: { SaveInSent: "T" } };
  const answer = await client({ version: "12.1" }).sendBytes("SendMail", mime, call);
  assert.equal(answer.httpStatus, 200);
  assert.equal(answer.headers["content-length"], "0");
  const [request] = seen as { ClientId: string; SaveInSentItems: boolean; Mime: Buffer }[];
  assert.deepEqual(request?.Mime, mime);
  assert.equal(request?.SaveInSentItems, true);
  assert.equal(request?.ClientId, "");
});

test("A compressed body is read, a bomb and an unknown coding are refused", async (t) => {
  const { client } = await scene(t);
  const body = Buffer.from("03016a00000756520330000101", "hex");
  const send = (bytes: Buffer, coding: string) =>
    client().sendBytes("FolderSync", bytes, { headers: { "Content-Encoding": coding } });
  assert.equal((await send(gzipSync(body), "gzip")).httpStatus, 200);
  assert.equal((await send(gzipSync(Buffer.alloc(1_000_000)), "gzip")).httpStatus, 413);
  assert.equal((await send(body, "gzip")).httpStatus, 400);
  assert.equal((await send(body, "br")).httpStatus, 415);
});

test("A large answer goes out by gzip to a client that takes it", async (t) => {
  const SyncKey = "k".repeat(5_000);
  const { client } = await scene(t, { FolderSync: async () => ({ Status: 1, SyncKey }) });
  const body = Buffer.from("03016a00000756520330000101", "hex");
  const ask = (headers: Record<string, string>) =>
    client().sendBytes("FolderSync", body, { headers });
  const plain = await ask({});
  assert.equal(plain.headers["content-encoding"], undefined);
  const packed = await ask({ "Accept-Encoding": "gzip, deflate" });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.equal(packed.headers["content-length"], String(packed.bytes.length));
  assert.ok(packed.bytes.length < 200);
  assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
});

test("A body beyond the limit is refused, and not before the password is right", async (t) => {
  const { client } = await scene(t);
  const large = Buffer.alloc(200_000);
  assert.equal((await client().sendBytes("FolderSync", large)).httpStatus, 413);
  const stranger = client({ password: "wrong" });
  assert.equal((await stranger.sendBytes("FolderSync", large)).httpStatus, 401);
});

test("A body with no or a broken Content-Type is read all the same", async (t) => {
  const { client } = await scene(t);
  const body = Buffer.from("03016a00000756520330000101", "hex");
  for (const contentType of ["", "nonsense", "application/vnd.ms-sync", "text/html; charset=x"]) {
    const { httpStatus } = await client().sendBytes("FolderSync", body, { contentType });
    assert.equal(httpStatus, 200, contentType);
  }
});

test("Attachments stream as they are, multipart answers have their own type", async (t) => {
  const { client } = await scene(t, {
    ItemOperations: async () => new MultipartAnswer({ Status: 1 }, [Buffer.from("part")]),
  });
  const raw = await client({ version: "12.1" }).sendBytes("GetAttachment", undefined);
  assert.equal(raw.headers["content-type"], "image/png");
  assert.equal(raw.bytes.toString(), "png");
  assert.equal(raw.headers["content-length"], "3");
  const parts = await client().sendBytes("ItemOperations", undefined);
  assert.equal(parts.headers["content-type"], "application/vnd.ms-sync.multipart");
  assert.equal(parts.bytes.readUInt32LE(0), 2);
  assert.equal(parts.bytes.subarray(-4).toString(), "part");
});

/** More than what a socket takes at once. */
const largeBytes = 32 * 1024 * 1024;

async function* largeAnswer(): AsyncGenerator<Buffer> {
  for (let at = 0; at < largeBytes; at += 65_536) yield Buffer.alloc(65_536, String(at % 10));
}

test("A large answer lies on disk until its last byte is out, or until the client hangs up", async (t) => {
  const GetAttachment: Handlers["GetAttachment"] = async (_request, context) =>
    new RawAnswer("image/png", await context.spool.keep(largeAnswer()));
  const { client, mailboxes, spool } = await scene(t, { GetAttachment });
  const phone = client({ version: "12.1" });
  const { bytes, headers } = await phone.sendBytes("GetAttachment", undefined);
  assert.equal(headers["content-length"], String(largeBytes));
  assert.ok(bytes.equals(Buffer.concat(await Array.fromAsync(largeAnswer()))));
  while (spool.usedBytes > 0) await turn();
  const socket = await fetchAndStop(phone);
  assert.equal(spool.usedBytes, largeBytes);
  assert.equal(mailboxes(), 0, "the mailbox is not needed any more");
  socket.destroy();
  while (spool.usedBytes > 0) await turn();
});

/** Asks for an attachment, and reads nothing more of it once it comes. */
async function fetchAndStop({ options, deviceId }: EasClient): Promise<Socket> {
  const url = new URL(options.url);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  const login = Buffer.from(`${options.user}:${options.password}`).toString("base64");
  const query = `Cmd=GetAttachment&User=x&DeviceId=${deviceId}&DeviceType=x`;
  socket.write(
    `POST /Microsoft-Server-ActiveSync?${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${login}\r\nMS-ASProtocolVersion: 12.1\r\nContent-Length: 0\r\n\r\n`,
  );
  await once(socket, "data");
  socket.pause();
  return socket;
}

test(
  "A client that reads nothing of its answer is given up, one that waits for an answer is not",
  { timeout: 30_000 },
  async (t) => {
    const GetAttachment: Handlers["GetAttachment"] = async (_request, context) =>
      new RawAnswer("image/png", await context.spool.keep(largeAnswer()));
    const held = Promise.withResolvers<{ Status: number }>();
    const handlers = { GetAttachment, Ping: () => held.promise };
    const patienceMs = { headers: 60_000, request: 60_000, check: 60_000, answer: 100 };
    const { client, spool } = await scene(t, handlers, { patienceMs });
    const waiting = client();
    assert.equal((await waiting.send("FolderSync", { SyncKey: "0" })).httpStatus, 200);
    const ping = waiting.send("Ping", undefined);
    const socket = await fetchAndStop(client({ version: "12.1" }));
    assert.equal(spool.usedBytes, largeBytes);
    while (spool.usedBytes > 0) await turn();
    socket.destroy();
    held.resolve({ Status: 1 });
    assert.equal((await ping).body?.Status, 1);
  },
);

test("A large request lies on disk while its command reads it, and no longer", async (t) => {
  const reading = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  let read = 0;
  const SendMail: Handlers["SendMail"] = async (request, { signal }) => {
    reading.resolve();
    await once(signal, "abort");
    hungUp.resolve();
    for await (const piece of octetsOf(request?.Mime ?? Buffer.alloc(0)).stream()) {
      read += piece.length;
    }
    return undefined;
  };
  const { client, spool } = await scene(t, { SendMail }, { maxBodyBytes: 1_000_000 });
  const hangUp = new AbortController();
  const Mime = Buffer.alloc(900_000, "m");
  const sent = client().send("SendMail", { ClientId: "1", Mime }, { signal: hangUp.signal });
  await reading.promise;
  assert.ok(spool.usedBytes > Mime.length);
  hangUp.abort();
  await assert.rejects(sent);
  await hungUp.promise;
  while (spool.usedBytes > 0) await turn();
  assert.equal(read, Mime.length, "what was begun is read to its end");
});

test("Nothing stays on disk of a request that is too large or broken off", async (t) => {
  const { client, spool } = await scene(t, {}, { maxBodyBytes: 1_000_000 });
  const tooLarge = Buffer.alloc(1_000_001, "m");
  assert.equal((await client().sendBytes("SendMail", tooLarge)).httpStatus, 413);
  const headers = { "Content-Encoding": "gzip" };
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  assert.equal((await client().sendBytes("SendMail", bomb, { headers })).httpStatus, 413);
  const torn = gzipSync(Buffer.from(tooLarge.map((_, at) => at % 251))).subarray(0, 2_000);
  assert.equal((await client().sendBytes("SendMail", torn, { headers })).httpStatus, 400);
  while (spool.usedBytes > 0) await turn();
});

test("A client that hangs up aborts its request at once", async (t) => {
  const started = Promise.withResolvers<AbortSignal>();
  const { client, lines } = await scene(t, {
    Ping: async (_request, { signal }) => {
      started.resolve(signal);
      await once(signal, "abort");
      throw signal.reason;
    },
  });
  const hangUp = new AbortController();
  const ping = client().send("Ping", undefined, { signal: hangUp.signal });
  const signal = await started.promise;
  assert.equal(signal.aborted, false);
  const aborted = once(signal, "abort");
  hangUp.abort();
  await assert.rejects(ping);
  await aborted;
  while (!lines.some(({ http }) => http === 499)) await turn();
});

test("Requests of a device beyond the limit are told to come later", async (t) => {
  const release = Promise.withResolvers<void>();
  const counts = { held: 0 };
  const full = Promise.withResolvers<void>();
  const { client } = await scene(t, {
    Sync: async () => {
      counts.held += 1;
      if (counts.held === 10) full.resolve();
      await release.promise;
      return undefined;
    },
  });
  const device = client();
  const held = Array.from({ length: 10 }, () => device.send("Sync", undefined));
  await full.promise;
  const { httpStatus, headers } = await device.send("FolderSync", { SyncKey: "0" });
  assert.deepEqual([httpStatus, headers["retry-after"]], [503, "10"]);
  assert.equal((await client().send("FolderSync", { SyncKey: "0" })).httpStatus, 200, "another");
  release.resolve();
  for (const answer of await Promise.all(held)) assert.equal(answer.httpStatus, 200);
});

test("Ending: held requests are answered, no new one is held, connections close", async (t) => {
  const holding = Promise.withResolvers<void>();
  const started = await scene(t, {
    Ping: async (_request, { push, device, signal }) => {
      const wait = push.wait({
        deviceId: device.id,
        epoch: 1n,
        heartbeatSeconds: 600,
        watched: [],
        signal,
        watch: async () => ({ [Symbol.dispose]: () => holding.resolve() }),
        look: async () => false,
      });
      holding.resolve();
      await wait;
      return { Status: 1 };
    },
  });
  const ping = started.client().send("Ping", undefined);
  await holding.promise;
  while (started.push.held() === 0) await turn();
  started.draining.abort();
  const refused = await started.client().send("Ping", undefined);
  assert.equal(refused.httpStatus, 503);
  assert.equal(refused.headers.connection, "close");
  await started.stop(0);
  assert.equal((await ping).body?.Status, 1);
  await assert.rejects(started.client().offered());
});

test("The log of a request holds neither password nor body", async (t) => {
  const { client, lines } = await scene(t);
  const secret = client({ password: "hunter2-secret" });
  await secret.send("FolderSync", { SyncKey: "0" });
  await client().send("SendMail", { ClientId: "1", Mime: Buffer.from("Subject: hush-hush") });
  const text = JSON.stringify(lines);
  assert.doesNotMatch(text, /hunter2|hush-hush|Authorization/i);
  assert.equal(lines.filter(({ msg }) => msg === "request").length, 2);
});

test("Metrics count requests by command and status; strangers make no time series", async (t) => {
  const { client, metrics } = await scene(t);
  await client().send("FolderSync", { SyncKey: "0" });
  await client().sendBytes("MadeUp", undefined);
  const text = await metrics.text();
  const counted = 'eastgate_requests_total{command="FolderSync",http="200",status="1"} 1';
  assert.ok(text.includes(counted), text);
  assert.doesNotMatch(text, /MadeUp/);
  for (const name of ["held_requests", "average_heartbeat_seconds", "imap_sessions"]) {
    assert.match(text, new RegExp(`eastgate_${name} 0`));
  }
});

test("Bytes that are no HTTP get an answer and an end", async (t) => {
  const { url } = await scene(t);
  const { port } = new URL(url);
  for (const bytes of [
    "\u0016\u0003\u0001\u0002\u0000",
    "POST\r\n\r\n",
    `GET / HTTP/1.1\r\nX: ${"y".repeat(20_000)}`,
  ]) {
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(bytes);
    socket.resume();
    await once(socket, "close");
  }
});

/** Sends the beginning, then one byte every few milliseconds; everything that comes until the other side ends. */
async function trickle(url: string, beginning: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  // The end comes while the next byte is on its way.
  socket.on("error", () => socket.destroy());
  socket.write(beginning);
  const dripping = setInterval(() => socket.write("a"), 5);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(dripping);
  return Buffer.concat(pieces).toString("latin1");
}

const signedIn = `Authorization: Basic ${Buffer.from("ann:right").toString("base64")}\r\nMS-ASProtocolVersion: 14.1`;

test("Headers and bodies that trickle in are ended with 408, others go on", async (t) => {
  const patienceMs = { headers: 100, request: 200, check: 20, answer: 60_000 };
  const { url, client, mailboxes } = await scene(t, {}, { patienceMs });
  const query = "Cmd=FolderSync&User=ann&DeviceId=d&DeviceType=t";
  const post = `POST ${path}?${query} HTTP/1.1\r\nHost: a\r\n${signedIn}\r\n`;
  const slow = [
    trickle(url, "GET / HTTP/1.1\r\nX-Slow: "),
    trickle(url, `${post}X-Slow: `),
    trickle(url, `${post}Content-Length: 90000\r\n\r\n`),
    trickle(url, `${post}Transfer-Encoding: chunked\r\n\r\n1000\r\n`),
  ];
  const body = Buffer.from("03016a00000756520330000101", "hex");
  assert.equal((await client().sendBytes("FolderSync", body)).httpStatus, 200);
  for (const text of await Promise.all(slow)) assert.match(text, /^HTTP\/1\.1 408 /);
  assert.equal(mailboxes(), 0);
});

test("A held request outlives the patience for what is sent", async (t) => {
  const held = Promise.withResolvers<{ Status: number }>();
  const patienceMs = { headers: 50, request: 50, check: 10, answer: 60_000 };
  const { url, client } = await scene(t, { Ping: () => held.promise }, { patienceMs });
  const answer = client().send("Ping", undefined);
  // A connection that was late and is gone shows that the looks at what is late have passed.
  for (let round = 0; round < 3; round++) await trickle(url, "GET / HTTP/1.1\r\nX-Slow: ");
  held.resolve({ Status: 1 });
  assert.equal((await answer).body?.Status, 1);
});

/** Sends bytes on a connection of its own; each call of `until` gives all that came up to and with its words. */
function converse(t: TestContext, url: string) {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  t.after(() => socket.destroy());
  let text = "";
  const until = async (words: RegExp): Promise<string> => {
    while (!words.test(text)) {
      const [piece]: Buffer[] = await once(socket, "data");
      text += piece?.toString("latin1") ?? "";
    }
    return text;
  };
  return { socket, until };
}

const folderSync = Buffer.from("03016a00000756520330000101", "hex");

function headOf(authorization: string, more: readonly string[]): string {
  const query = "Cmd=FolderSync&User=ann&DeviceId=d&DeviceType=t";
  const start = `POST ${path}?${query} HTTP/1.1\r\nHost: a\r\n${authorization}`;
  return `${[start, ...more].join("\r\n")}\r\n\r\n`;
}

test("A client that waits with its body is told to go on only when the body is wanted", async (t) => {
  const { url } = await scene(t);
  const expecting = (authorization: string, sizeBytes: number): string =>
    headOf(authorization, [`Content-Length: ${sizeBytes}`, "Expect: 100-continue"]);
  const wanted = converse(t, url);
  wanted.socket.write(expecting(signedIn, folderSync.length));
  assert.match(await wanted.until(/\r\n\r\n/), /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  wanted.socket.write(folderSync);
  assert.match(await wanted.until(/ 200 OK\r\n/), /HTTP\/1\.1 200 OK/);
  const wrong = signedIn.replace(/Basic \S+/, `Basic ${btoa("ann:wrong")}`);
  for (const [head, answer] of [
    [expecting(wrong, folderSync.length), /^HTTP\/1\.1 401 /],
    [expecting(signedIn, 200_000), /^HTTP\/1\.1 413 /],
    [headOf(signedIn, ["Content-Length: 1", "Expect: the-moon"]), /^HTTP\/1\.1 417 /],
  ] as const) {
    const refused = converse(t, url);
    const ended = once(refused.socket, "close");
    refused.socket.write(head);
    assert.match(await refused.until(/\r\n\r\n/), answer);
    await ended;
  }
});

test("Requests that are sent one behind the other without waiting are answered in their order", async (t) => {
  const first = Promise.withResolvers<void>();
  const FolderSync: Handlers["FolderSync"] = async (request) => {
    const SyncKey = request?.SyncKey ?? "";
    if (SyncKey === "1") await first.promise;
    else if (SyncKey === "3") first.resolve();
    return { Status: 1, SyncKey: `key${SyncKey}` };
  };
  const { url } = await scene(t, { FolderSync });
  const head = headOf(signedIn, [`Content-Length: ${folderSync.length}`]);
  const requests = ["1", "2", "3"].map((key) => {
    const body = Buffer.from(folderSync);
    body.write(key, body.indexOf("0", 4));
    return Buffer.concat([Buffer.from(head), body]);
  });
  const { socket, until } = converse(t, url);
  socket.write(Buffer.concat(requests));
  const text = await until(/key3/);
  assert.deepEqual(text.match(/key\d/g), ["key1", "key2", "key3"]);
  assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
});

test("Headers beyond the limit are 431, below it they are read", async (t) => {
  const { client } = await scene(t);
  const body = Buffer.from("03016a00000756520330000101", "hex");
  const send = (size: number) =>
    client().sendBytes("FolderSync", body, { headers: { Cookie: "c".repeat(size) } });
  assert.equal((await send(maxHeaderBytes - 1_000)).httpStatus, 200);
  assert.equal((await send(maxHeaderBytes)).httpStatus, 431);
});
