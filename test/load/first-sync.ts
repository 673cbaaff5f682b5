/** A whole mailbox through ActiveSync, measured: mails a second and what the server's processes worked for it. */
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
  const windows = await phone.syncAll(inbox, html);
  const seconds = (performance.now() - started) / 1000;
  const cpu = (await measured.cpuSeconds()) - cpuBefore;
  const mails = phone.mails(inbox).size;
  const cpuMsPerMail = (cpu * 1000) / mails;
  return { mails, windows, mailsPerSecond: mails / seconds, cpuMsPerMail, phone, inbox };
}
