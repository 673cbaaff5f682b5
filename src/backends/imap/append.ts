/** Appending a mail, piece by piece: it may be larger than what one request may hold in memory. */
import { BackendError } from "../../backend.ts";
import type { MailFlags } from "../../items/email/message.ts";
import { scan, type Octets } from "../../kit/octets.ts";
import type { Argument, ImapConnection } from "./connection.ts";
import { flagNames } from "./flags.ts";
import { atom, codeOf } from "./tokens.ts";

/** Appends a mail; its number where APPENDUID tells it (RFC 4315). */
export async function appendMail(
  connection: ImapConnection,
  path: string,
  mail: { readonly mime: Octets; readonly flags: Partial<MailFlags> },
): Promise<number | undefined> {
  const { sizeBytes } = mail.mime;
  const most = connection.client.capabilities.get("APPENDLIMIT");
  if (typeof most === "number" && most < sizeBytes) {
    const sizes = `${sizeBytes} octets, the server takes ${most} (APPENDLIMIT)`;
    throw new BackendError("too large", `the mail has ${sizes}`);
  }
  const names = flagNames(mail.flags).map(atom);
  const flags: readonly Argument[] = names.length === 0 ? [] : [names];
  // A literal of the usual kind has no NUL (RFC 3516 4.4).
  const binary = connection.has("BINARY") && (await hasNul(mail.mime));
  const request = [connection.pathArgument(path), ...flags];
  const { attributes } = await connection.execLiteral("APPEND", request, {
    octets: mail.mime,
    binary,
  });
  const number = Number(codeOf(attributes, "APPENDUID")[1]);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

async function hasNul(octets: Octets): Promise<boolean> {
  for await (const piece of scan(octets)) if (piece.includes(0)) return true;
  return false;
}
