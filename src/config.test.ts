import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite, test } from "node:test";
import { definition, loadConfig } from "./config.ts";
import { isLoopback } from "./config/checks.ts";
import { commentedFile } from "./config/print.ts";
import { ConfigError } from "./config/problem.ts";

const smallest = {
  EASTGATE_TLS_MODE: "off",
  EASTGATE_LISTEN_HOST: "127.0.0.1",
  EASTGATE_DOMAINS_0_NAME: "Example.com",
  EASTGATE_DOMAINS_0_IMAP_HOST: "mail.example.com",
  EASTGATE_DOMAINS_0_SMTP_HOST: "mail.example.com",
};

async function withFile(text: string, use: (file: string, folder: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-config-"));
  try {
    const file = join(folder, "eastgate.toml");
    await writeFile(file, text);
    use(file, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function problems(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key }) => key);
    throw error;
  }
  return [];
}

suite("The environment", () => {
  test("is enough without a file", () => {
    const config = loadConfig({ env: smallest });
    assert.equal(config.listen.port, 8_443);
    assert.equal(config.dataDir, resolve("data"));
    assert.deepEqual(
      config.domains.map(({ name, imap, smtp }) => [name, imap.port, smtp.port]),
      [["example.com", 993, 587]],
    );
  });

  test("gives numbers, truth values and lists", () => {
    const { drainSeconds, http, domains } = loadConfig({
      env: {
        ...smallest,
        EASTGATE_DRAIN_SECONDS: "5",
        EASTGATE_HTTP_TRUSTED_PROXIES: "10.0.0.0/8, ::1",
        EASTGATE_DOMAINS_0_SMTP_AUTHENTICATE: "false",
      },
    });
    assert.equal(drainSeconds, 5);
    assert.deepEqual(http.trustedProxies, ["10.0.0.0/8", "::1"]);
    assert.equal(domains[0]?.smtp.authenticate, false);
  });

  test("wins over the file; an empty variable does not", async () => {
    const text = `[listen]\nport = 1\nhost = "127.0.0.9"\n`;
    await withFile(text, (file) => {
      const env = { ...smallest, EASTGATE_LISTEN_PORT: "2", EASTGATE_LISTEN_HOST: "" };
      assert.deepEqual(loadConfig({ file, env }).listen, { port: 2, host: "127.0.0.9" });
    });
  });

  test("is named in its errors, unknown variables too", () => {
    const env = { ...smallest, EASTGATE_LISTEN_PORT: "many", EASTGATE_LOGLEVEL: "debug" };
    assert.deepEqual(
      problems(() => loadConfig({ env })),
      ["listen.port (from EASTGATE_LISTEN_PORT)", "EASTGATE_LOGLEVEL"],
    );
  });

  test("may hold what Kubernetes and the test runner add", () => {
    const env = {
      ...smallest,
      EASTGATE_PORT: "tcp://10.0.0.1:443",
      EASTGATE_SERVICE_HOST: "10.0.0.1",
      EASTGATE_TEST_DATABASE: "postgres://",
    };
    assert.deepEqual(
      problems(() => loadConfig({ env })),
      [],
    );
  });

  test("gives the database by its customary name", () => {
    const url = "postgresql://eastgate@localhost/eastgate";
    assert.equal(loadConfig({ env: { ...smallest, DATABASE_URL: url } }).database.url, url);
  });
});

const domain = (name: string, more = "") =>
  `[[domains]]\nname = "${name}"\nimap = { host = "localhost", ${more} }\nsmtp = { host = "localhost" }\n`;
const head = `[tls]\nmode = "self-signed"\n`;

suite("A file", () => {
  test("is where relative paths start", async () => {
    await withFile(`data_dir = "state"\n${head}${domain("example.com")}`, (file, folder) => {
      assert.equal(loadConfig({ file, env: {} }).dataDir, join(folder, "state"));
    });
  });

  test("with one domain has that one for logins without a domain", async () => {
    await withFile(head + domain("example.com"), (file) => {
      assert.equal(loadConfig({ file, env: {} }).login.defaultDomain, "example.com");
    });
  });

  test("with several domains has none, unless it says which", async () => {
    const text = head + domain("example.com") + domain("example.org");
    await withFile(text, (file) => {
      assert.equal(loadConfig({ file, env: {} }).login.defaultDomain, undefined);
    });
  });

  test("gets the port that belongs to the security", async () => {
    await withFile(head + domain("example.com", `security = "plain"`), (file) => {
      assert.equal(loadConfig({ file, env: {} }).domains[0]?.imap.port, 143);
    });
  });

  test("as init writes it wants nothing but the certificate", async () => {
    await withFile(commentedFile(definition), (file) => {
      assert.deepEqual(
        problems(() => loadConfig({ file, env: {} })),
        ["tls.certificate", "tls.key"],
      );
    });
  });

  test("as init writes it is valid behind its comments too", async () => {
    const everything = commentedFile(definition).replaceAll(/^# ([a-z_]+ = )/gm, "$1");
    await withFile(everything, (file) => {
      assert.deepEqual(
        problems(() => loadConfig({ file, env: {} })),
        [
          "tls.certificate",
          "tls.key",
          "certificates.ca_file",
          "domains[0].alias_map",
          "domains[0].imap.ca_file",
          "domains[0].smtp.ca_file",
        ],
      );
    });
  });
});

test("Only loopback addresses count as loopback", () => {
  for (const name of ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
    assert.ok(isLoopback(name), name);
  for (const name of ["localhost.example.com", "128.0.0.1", "0.0.0.0", "::", "10.0.0.1"]) {
    assert.ok(!isLoopback(name), name);
  }
});
