/**
 * `npm run bench:large`: large mails and attachments through a gateway process over real mail servers. Prints the
 * resident memory before and at most, and how long it took; each row is a gateway of its own, warmed up by small
 * requests of the same kind. Ends with 1 where the growth is 30 MB or more, or octets differ.
 */
import process from "node:process";
import { Phone } from "../client/phone.ts";
import { password } from "../rig/mail/servers.ts";
import { startMeasuredGateway } from "./gateway-process.ts";
import { find, paths, type Path } from "./large/paths.ts";

const mib = 1024 * 1024;
const attachmentBytes = 50 * mib;
const mailBytes = 40 * mib;
const growthLimitMb = 30;
const warmBytes = 400 * 1024;
const warmRounds = 20;

async function measure({ name, version, run }: Path): Promise<boolean> {
  await using gateway = await startMeasuredGateway("http.max_body_bytes = 62914560");
  const user = gateway.mail.freshUser();
  using phone = new Phone({ url: gateway.url, user, password, version });
  await phone.folderSync();
  const scene = { mail: gateway.mail, phone, user, inbox: phone.folderOfType(2) };
  const isMail = name.includes("Send");
  const large = isMail ? mailBytes : attachmentBytes;
  if (!isMail) await find(scene, large);
  for (let round = 0; round < warmRounds; round++) await run(scene, warmBytes);
  const before = await gateway.resetPeak();
  const began = performance.now();
  const isWhole = await run(scene, large);
  const seconds = (performance.now() - began) / 1000;
  const { peakMb } = await gateway.memory();
  const growth = peakMb - before;
  const verdict = `${isWhole ? "whole" : "NOT WHOLE"}${growth < growthLimitMb ? "" : ", TOO MUCH"}`;
  console.log(
    `${`${name}, ${large / mib} MB`.padEnd(52)} ${before.toFixed(0).padStart(4)} MB before, ${peakMb.toFixed(0).padStart(4)} MB at most, grew ${growth.toFixed(1).padStart(5)} MB, ${seconds.toFixed(1)} s with the client's own work: ${verdict}`,
  );
  return isWhole && growth < growthLimitMb;
}

const [only = ""] = process.argv.slice(2);
for (const path of paths.filter(({ name }) => name.includes(only))) {
  if (!(await measure(path))) process.exitCode = 1;
}
