/** The Schema of a Fetch: only the elements that it names are given (MS-ASCMD 2.2.3.158, MS-ASEMAIL 3.2.5.2, R63). */
import type { EmailData } from "../../items/email/data.ts";
import type { MailOptions } from "../../items/email/options.ts";

/** Names as the request has them (`prefix:Name`); undefined: everything is asked for. */
export type Schema = readonly string[] | undefined;

/** A mail with the elements of the schema alone. */
export function restricted(email: EmailData, schema: Schema): EmailData {
  if (schema === undefined) return email;
  const names = localNames(schema);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no element of a mail is required
  return Object.fromEntries(Object.entries(email).filter(([name]) => names.has(name))) as EmailData;
}

/** A body that is not asked for is not fetched. */
export function withinSchema(options: MailOptions, schema: Schema): MailOptions {
  if (schema === undefined) return options;
  const names = localNames(schema);
  const { preferences, bodyPart } = options;
  return {
    ...options,
    preferences: names.has("Body") ? preferences : [{ Type: 1, TruncationSize: 0 }],
    bodyPart: names.has("BodyPart") ? bodyPart : undefined,
  };
}

function localNames(schema: readonly string[]): ReadonlySet<string> {
  return new Set(schema.map((name) => name.slice(name.indexOf(":") + 1)));
}
