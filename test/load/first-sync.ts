/** A whole mailbox through ActiveSync, measured: mails a second and what the server's processes worked for it. */
import assert from "node:assert/strict";
import { commands, type RequestOf } from "../../schemas/commands.ts";
import { encode } from "../../src/wbxml/encode.ts";
import type { Answer } from "../client/client.ts";
import { Phone, type SyncWishes } from "../client/phone.ts";

const html: SyncWishes = {
  WindowSize: 100,
  Options: [{ BodyPreference: [{ Type: 2, TruncationSize: 32_768 }] }],
};

/** The server under measurement. */
export interface Measured {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** CPU seconds that its processes have used so far. */
  cpuSeconds(): Promise<number>;
}

/** What a first Sync took. */
export interface FirstSync {
  readonly mails: number;
  readonly windows: number;
  readonly mailsPerSecond: number;
  readonly cpuMsPerMail: number;
  readonly phone: Phone;
  readonly inbox: string;
}

/** Windows of 100 mails, HTML at 32 KB, until there is no more. The phone is the caller's to dispose of. */
export async function firstSync(measured: Measured): Promise<FirstSync> {
  const { url, user, password } = measured;
  const phone = new Phone({ url, user, password, version: "14.1" });
  await phone.provision();
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.prime(inbox);
  const [cpuBefore, started] = [await measured.cpuSeconds(), performance.now()];
  const answers = await fetchWindows(phone, inbox);
  const seconds = (performance.now() - started) / 1000;
  const cpu = (await measured.cpuSeconds()) - cpuBefore;
  for (const answer of answers) {
    assert.equal(phone.apply(inbox, phone.client.read("Sync", answer)).status, 1);
  }
  const mails = phone.mails(inbox).size;
  const cpuMsPerMail = (cpu * 1000) / mails;
  const windows = answers.length;
  return { mails, windows, mailsPerSecond: mails / seconds, cpuMsPerMail, phone, inbox };
}

/** An answer that is shorter has no mail in it. */
const leastBytes = 200;

/**
 * Asks for one window after the other as fast as the server answers, with nothing read of an answer but its key:
 * what a phone makes of its mails is not the server's time.
 */
async function fetchWindows(phone: Phone, inbox: string): Promise<Answer<undefined>[]> {
  const answers: Answer<undefined>[] = [];
  for (let key = phone.key(inbox); ;) {
    const Collection = [{ ...phone.asked(inbox, html), SyncKey: key }];
    const request: RequestOf<"Sync"> = { Collections: { Collection } };
    const body = encode(request, commands.Sync.request, phone.client.options.version);
    const answer = await phone.client.sendBytes("Sync", body);
    if (answer.bytes.length < leastBytes) return answers;
    answers.push(answer);
    key = syncKeyOf(answer.bytes);
  }
}

/** The text of the first SyncKey (MS-ASWBXML 2.1.2.1.1: token 0x0B, with content 0x4B), an inline string. */
function syncKeyOf(wbxml: Buffer): string {
  const token = wbxml.indexOf(Buffer.from([0x4b, 0x03]));
  assert.ok(token >= 0, "an answer has a SyncKey");
  return wbxml.toString("utf8", token + 2, wbxml.indexOf(0, token + 2));
}
