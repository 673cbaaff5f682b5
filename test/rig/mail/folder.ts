/** The temporary folder of one rig: configuration, certificate, spool and mailboxes. */
import { chmod, chown, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { dovecotConf, type DovecotOptions, type MailPorts } from "./dovecot.ts";
import { accessTables, mainCf, masterCf } from "./postfix.ts";

/** Where a rig's files are, and the certificate that its servers show. */
export interface RigFolder {
  readonly path: string;
  readonly certificate: string;
}

const postfixQueues =
  "active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace".split(
    " ",
  );

/** Makes the folder. */
export async function makeRigFolder(ports: MailPorts, options: DovecotOptions): Promise<RigFolder> {
  const path = await mkdtemp(join(tmpdir(), "eastgate-rig-"));
  await chmod(path, 0o755);
  await makeFolders(path);
  const certificate = await writeFiles(path, ports, options);
  return { path, certificate };
}

async function makeFolders(path: string): Promise<void> {
  const own = ["run", "state", "log", "home", "postfix/etc", "postfix/lib"];
  const queues = postfixQueues.map((name) => `postfix/spool/${name}`);
  for (const name of [...own, ...queues]) await mkdir(join(path, name), { recursive: true });
  const mail = await idsOf("/etc/passwd", "mail");
  const postfix = await idsOf("/etc/passwd", "postfix");
  const postdrop = await idsOf("/etc/group", "postdrop");
  await chown(join(path, "home"), mail, mail);
  await chown(join(path, "postfix/lib"), postfix, 0);
  for (const name of queues) {
    if (!name.endsWith("pid")) await chown(join(path, name), postfix, 0);
    await chmod(join(path, name), 0o700);
  }
  await chmod(join(path, "postfix/spool/pid"), 0o755);
  for (const [name, mode] of [
    ["public", 0o710],
    ["maildrop", 0o730],
  ] as const) {
    await chown(join(path, "postfix/spool", name), postfix, postdrop);
    await chmod(join(path, "postfix/spool", name), mode);
  }
}

async function writeFiles(
  path: string,
  ports: MailPorts,
  options: DovecotOptions,
): Promise<string> {
  const pair = await makeCertificate();
  const files: readonly (readonly [string, string])[] = [
    ["cert.pem", pair.cert],
    ["key.pem", pair.private],
    ["users", ""],
    ["dovecot.conf", dovecotConf(path, ports, options)],
    ["postfix/etc/main.cf", mainCf(path, options.deliverTo ?? ports.lmtp, ports.auth)],
    ["postfix/etc/master.cf", masterCf(ports)],
    ...Object.entries(accessTables).map(([name, text]) => [`postfix/etc/${name}`, text] as const),
  ];
  for (const [name, text] of files) await writeFile(join(path, name), text);
  return pair.cert;
}

async function makeCertificate() {
  return await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
}

/** The number of a user or group of this machine. */
export async function idsOf(file: string, name: string): Promise<number> {
  const lines = (await readFile(file, "utf8")).split("\n");
  const line = lines.find((entry) => entry.startsWith(`${name}:`));
  if (line === undefined)
    throw new Error(`${file} has no ${name}: npm test, as root, installs what is missing`);
  return Number(line.split(":")[2]);
}
