import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openTestDatabase } from "../test/rig/database.ts";
import { quiet } from "../test/rig/quiet-log.ts";
import { loadConfig } from "./config.ts";
import { runGateway } from "./main.ts";

test("Start: a port that another program has is named with its setting and what to do", async () => {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await openTestDatabase());
  const folder = await mkdtemp(join(tmpdir(), "eastgate-main-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const taken = stack.use(createServer());
  await once(taken.listen(0, "127.0.0.1"), "listening");
  const { port } = taken.address() as AddressInfo;
  for (const [table, other] of [
    ["LISTEN", "METRICS"],
    ["METRICS", "LISTEN"],
  ] as const) {
    const env = {
      EASTGATE_DATA_DIR: folder,
      EASTGATE_DATABASE_URL: url,
      EASTGATE_TLS_MODE: "self-signed",
      EASTGATE_LISTEN_HOST: "127.0.0.1",
      [`EASTGATE_${table}_PORT`]: String(port),
      [`EASTGATE_${other}_PORT`]: "0",
      EASTGATE_DOMAINS_0_NAME: "example.test",
      EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
      EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
    };
    const message = `[${table.toLowerCase()}] 127.0.0.1:${port} cannot be opened: another program has it: end that one, or choose another port`;
    await assert.rejects(runGateway(loadConfig({ env }), { log: quiet }), { message });
  }
});
