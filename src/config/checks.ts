/** What must hold between settings. Each check returns the problems that it finds. */
import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { BlockList, isIP, isIPv6 } from "node:net";
import type { Settings } from "../config.ts";
import { errorCode, type Problem } from "./problem.ts";

type Domain = Settings["domains"][number];

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether traffic to this host stays on the machine. */
export function isLoopback(name: string): boolean {
  if (isIP(name) === 0) return name.toLowerCase() === "localhost";
  return loopback.check(name, isIPv6(name) ? "ipv6" : "ipv4");
}

/** All problems between settings; `folder` is where relative paths start. */
export function checkSettings(settings: Settings, folder: string): Problem[] {
  return [
    ...checkTls(settings),
    ...checkHeartbeats(settings),
    ...checkDomains(settings),
    ...checkWorkers(settings),
    ...checkFiles(settings, folder),
  ];
}

function checkTls({ tls, listen, http }: Settings): Problem[] {
  if (tls.mode === "files") {
    return (["certificate", "key"] as const)
      .filter((name) => tls[name] === undefined)
      .map((name) => ({
        key: `tls.${name}`,
        wrong: 'is missing while tls.mode is "files"',
        right: 'Name a PEM file, or set tls.mode to "off" behind a proxy that speaks TLS',
      }));
  }
  if (tls.mode === "self-signed" || isLoopback(listen.host) || http.trustedProxies.length > 0) {
    return [];
  }
  const wrong = `is "off" while listen.host is "${listen.host}": passwords would be readable`;
  const right =
    "Listen on 127.0.0.1, or name the proxy in http.trusted_proxies, or use a certificate";
  return [{ key: "tls.mode", wrong, right }];
}

function checkHeartbeats({ push }: Settings): Problem[] {
  if (push.minHeartbeatSeconds <= push.maxHeartbeatSeconds) return [];
  const wrong = `is ${push.minHeartbeatSeconds}, more than push.max_heartbeat_seconds`;
  const right = `Give at most ${push.maxHeartbeatSeconds}`;
  return [{ key: "push.min_heartbeat_seconds", wrong, right }];
}

/** A worker needs one connection of an account for requests and one for push. */
const leastConnections = 2;

function checkWorkers({ workers, domains }: Settings): Problem[] {
  const least = workers * leastConnections;
  return domains.flatMap(({ imap: { connectionsPerAccount } }, index) => {
    if (connectionsPerAccount >= least) return [];
    const key = `domains[${index}].imap.connections_per_account`;
    const wrong = `is ${connectionsPerAccount}, too few for ${workers} workers, which need ${leastConnections} each`;
    const right = `Give at least ${least} (no more than the IMAP server allows), or fewer workers`;
    return [{ key, wrong, right }];
  });
}

function checkDomains({ domains, login }: Settings): Problem[] {
  if (domains.length === 0) {
    const right = "Add a [[domains]] table with name, imap.host and smtp.host";
    return [{ key: "domains", wrong: "names no mail domain", right }];
  }
  return [
    ...checkNames(domains),
    ...checkDefault(domains, login.defaultDomain),
    ...domains.flatMap((domain, index) => checkPlain(domain, `domains[${index}]`)),
  ];
}

function namesOf(domain: Domain): readonly string[] {
  return [domain.name, ...domain.aliases];
}

function checkNames(domains: readonly Domain[]): Problem[] {
  const seen = new Set<string>();
  return domains.flatMap((domain, index) =>
    namesOf(domain).flatMap((name, place) => {
      if (name === "" || !seen.has(name)) {
        seen.add(name);
        return [];
      }
      const key = place === 0 ? `domains[${index}].name` : `domains[${index}].aliases`;
      return [{ key, wrong: `names "${name}" a second time`, right: "Name each domain once" }];
    }),
  );
}

function checkDefault(domains: readonly Domain[], name: string | undefined): Problem[] {
  const names = [...new Set(domains.flatMap(namesOf))];
  if (name === undefined || names.includes(name)) return [];
  const wrong = `is "${name}", which is no domain of this configuration`;
  return [{ key: "login.default_domain", wrong, right: `Give one of ${names.join(", ")}` }];
}

function checkPlain(domain: Domain, place: string): Problem[] {
  return (["imap", "smtp"] as const)
    .filter((name) => domain[name].security === "plain" && !isLoopback(domain[name].host))
    .map((name) => ({
      key: `${place}.${name}.security`,
      wrong: `is "plain" while ${place}.${name}.host is "${domain[name].host}": passwords would be readable`,
      right: 'Give "tls" or "starttls"; plain is for localhost, 127.0.0.0/8 and ::1',
    }));
}

function checkFiles({ tls, certificates, domains }: Settings, folder: string): Problem[] {
  const named: [string, string | undefined][] = [
    ["tls.certificate", tls.mode === "files" ? tls.certificate : undefined],
    ["tls.key", tls.mode === "files" ? tls.key : undefined],
    ["certificates.ca_file", certificates.caFile],
    ...domains.flatMap((domain, index): [string, string | undefined][] => [
      [`domains[${index}].alias_map`, domain.aliasMap],
      [`domains[${index}].imap.ca_file`, domain.imap.caFile],
      [`domains[${index}].smtp.ca_file`, domain.smtp.caFile],
    ]),
  ];
  return named.flatMap(([key, file]) =>
    file === undefined ? [] : checkReadable(key, file, folder),
  );
}

function checkReadable(key: string, file: string, folder: string): Problem[] {
  try {
    accessSync(resolve(folder, file), constants.R_OK);
    return [];
  } catch (error) {
    const missing = errorCode(error) === "ENOENT";
    const wrong = missing
      ? `names "${file}", which does not exist`
      : `names "${file}", which is not readable`;
    const right = missing
      ? "Name a PEM file, relative to the configuration file or absolute"
      : "Let the user that runs Eastgate read it";
    return [{ key, wrong, right }];
  }
}
