/** Sends mail through a submission server (RFC 6409) with the credential of its author. */
import { domainToASCII } from "node:url";
import {
  BackendUnavailable,
  SendRefused,
  type Credential,
  type MailTransport,
  type Outgoing,
} from "../../backend.ts";
import type { Log } from "../../kit/log.ts";
import { octetsOf, type Octets } from "../../kit/octets.ts";
import { SmtpConnection } from "./connection.ts";
import { isAccepted, parseReply, refusal, type Reply } from "./replies.ts";
import { replyTimeoutMs } from "./limits.ts";
import type { SmtpServer } from "./server.ts";
import { hasEightBit, stuffed } from "./stuffing.ts";

/** A transport over a submission server; one connection per mail. */
export function createSmtpTransport(
  server: SmtpServer,
  { log, silenceMs = replyTimeoutMs }: { readonly log: Log; readonly silenceMs?: number },
): MailTransport {
  return new SmtpTransport(server, log, silenceMs);
}

class SmtpTransport implements MailTransport {
  readonly #server: SmtpServer;
  readonly #log: Log;
  readonly #silenceMs: number;
  readonly #open = new Set<SmtpConnection>();

  constructor(server: SmtpServer, log: Log, silenceMs: number) {
    this.#server = server;
    this.#log = log;
    this.#silenceMs = silenceMs;
  }

  async send(credential: Credential, mail: Outgoing, signal: AbortSignal): Promise<void> {
    await this.#connected(signal, async (connection) => {
      if (this.#server.authenticate) await connection.login(credential);
      const mime = octetsOf(mail.mime);
      await transmit(connection, { ...mail, mime }, signal);
      const { sizeBytes } = mime;
      this.#log.debug({ sizeBytes, recipients: mail.recipients.length }, "a mail was submitted");
    });
  }

  async probe(signal: AbortSignal): Promise<{ readonly capabilities: readonly string[] }> {
    return await this.#connected(signal, async (connection) => {
      const { names } = await connection.extensions();
      return { capabilities: names };
    });
  }

  async #connected<Result>(
    signal: AbortSignal,
    work: (connection: SmtpConnection) => Promise<Result>,
  ): Promise<Result> {
    await using connection = await SmtpConnection.open(this.#server, signal, this.#silenceMs);
    this.#open.add(connection);
    try {
      return await work(connection);
    } finally {
      this.#open.delete(connection);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    const reason = new BackendUnavailable("the gateway is stopping");
    for (const connection of this.#open) connection.close(reason);
    return Promise.resolve();
  }
}

/** A mail on its way out, to be read in pieces. */
interface Streamed extends Outgoing {
  readonly mime: Octets;
}

/** One mail transaction (RFC 5321 section 3.3). The signal counts until the final dot. */
async function transmit(
  connection: SmtpConnection,
  mail: Streamed,
  signal: AbortSignal,
): Promise<void> {
  const watch = connection.closeOn(signal);
  try {
    signal.throwIfAborted();
    await announce(connection, mail);
    await writeData(connection, mail.mime);
    signal.throwIfAborted();
  } finally {
    watch[Symbol.dispose]();
  }
  const reply = await connection.say(".");
  if (!isAccepted(reply)) throw refusal(reply, "data");
}

/** MAIL and every RCPT; DATA only when nobody was refused: a phone gets one status for all of them. */
async function announce(connection: SmtpConnection, mail: Streamed): Promise<void> {
  const parameters = await parametersOf(connection, mail);
  const sender = wireAddress(mail.from);
  if (sender === undefined) throw new SendRefused("sender", "the sender's address is malformed");
  const taken = await connection.say(`MAIL FROM:<${sender}>${parameters}`);
  if (!isAccepted(taken)) throw refusal(taken, "sender");
  await nameRecipients(connection, mail.recipients);
  const ready = await connection.say("DATA");
  if (!isAccepted(ready)) throw refusal(ready, "data");
}

async function nameRecipients(
  connection: SmtpConnection,
  recipients: readonly string[],
): Promise<void> {
  if (recipients.length === 0) throw new SendRefused("recipients", "the mail has no recipients");
  const refused: { readonly recipient: string; readonly reply: Reply }[] = [];
  for (const recipient of recipients) {
    const address = wireAddress(recipient);
    const reply = address === undefined ? malformed : await connection.say(`RCPT TO:<${address}>`);
    if (!isAccepted(reply)) refused.push({ recipient, reply });
  }
  throwWorst(refused);
}

const malformed = parseReply("501 5.1.3 the address is malformed");

/** For good comes before for now: the mail as it is will never pass. */
function throwWorst(refused: readonly { recipient: string; reply: Reply }[]): void {
  const [first] = refused;
  if (first === undefined) return;
  const worst = refused.find(({ reply }) => reply.status >= 500) ?? first;
  const recipients = refused.map(({ recipient }) => recipient);
  throw refusal(worst.reply, "recipients", recipients);
}

/** SIZE (RFC 1870), BODY=8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531). */
async function parametersOf(connection: SmtpConnection, mail: Streamed): Promise<string> {
  const { names, sizeLimitBytes } = await connection.extensions();
  const { sizeBytes } = mail.mime;
  if (sizeLimitBytes > 0 && sizeBytes > sizeLimitBytes) {
    const sizes = `${sizeBytes} octets, the server takes ${sizeLimitBytes}`;
    throw new SendRefused("too large", `the mail has ${sizes}`);
  }
  const parameters: string[] = [];
  if (names.includes("SIZE")) parameters.push(` SIZE=${sizeBytes}`);
  if (names.includes("8BITMIME") && (await hasEightBit(mail.mime))) {
    parameters.push(" BODY=8BITMIME");
  }
  if (needsUtf8(mail)) {
    if (!names.includes("SMTPUTF8")) throw withoutUtf8(mail);
    parameters.push(" SMTPUTF8");
  }
  return parameters.join("");
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

function needsUtf8({ from, recipients }: Outgoing): boolean {
  return ![from, ...recipients].map((address) => wireAddress(address) ?? "").every(isAscii);
}

function withoutUtf8({ from, recipients }: Outgoing): SendRefused {
  const text = "the submission server takes no addresses with characters outside of ASCII";
  if (!isAscii(wireAddress(from) ?? "")) return new SendRefused("sender", text);
  const refused = recipients.filter((address) => !isAscii(wireAddress(address) ?? ""));
  return new SendRefused("recipients", text, refused);
}

// Whatever could end the path or the line.
// oxlint-disable-next-line no-control-regex -- these are what must not be in an address
const unsafe = /[\0-\x1f\x7f<>]/;

/** An address for a command, its domain in ASCII; undefined: no address. */
function wireAddress(address: string): string | undefined {
  const at = address.lastIndexOf("@");
  if (at < 1 || unsafe.test(address) || /^[^"]*\s/.test(address)) return undefined;
  const domain = address.slice(at + 1);
  if (isAscii(domain)) return domain === "" ? undefined : address;
  const ascii = domainToASCII(domain);
  return ascii === "" ? undefined : `${address.slice(0, at)}@${ascii}`;
}

/** Streams the mail. A server that refuses in the middle (too large, say) says so before it hangs up. */
async function writeData(connection: SmtpConnection, mime: Octets): Promise<void> {
  try {
    for await (const octets of stuffed(mime)) await connection.write(octets);
  } catch (error) {
    const cause = error instanceof BackendUnavailable ? error.cause : undefined;
    const { response } = (cause ?? {}) as { response?: string };
    throw typeof response === "string" ? refusal(parseReply(response), "data") : error;
  }
}
