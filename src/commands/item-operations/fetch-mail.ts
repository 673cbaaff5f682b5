/** Fetch of a whole mail by ServerId or LongId (MS-ASCMD 2.2.3.67.1). */
import { commandStatus, commonStatus, StatusError } from "../../../schemas/status.ts";
import { itemNumber, type About } from "../../mailbox/mailbox.ts";
import { isKnownBodyPart, type MailOptions } from "../../items/email/options.ts";
import { Utf8Text } from "../../kit/octets.ts";
import { mapMails, planMails } from "../content.ts";
import type { Context } from "../context.ts";
import { deviceEpoch } from "../epoch.ts";
import type { Answered, Fetch, Properties } from "./fetched.ts";
import type { Parts } from "./parts.ts";
import { restricted, withinSchema } from "./schema.ts";

const status = commandStatus.ItemOperations;

/** The mail as the options of the Fetch show it. */
export async function fetchMail(
  asked: Fetch,
  context: Context,
  parts: Parts | undefined,
): Promise<Answered> {
  if (asked.Store.toLowerCase() !== "mailbox") throw new StatusError(status.UnknownStore);
  const options = optionsOf(asked, context);
  const { number, ...numbering } = await nameOf(asked, context);
  const { collectionId, epoch } = numbering;
  // A folder that was numbered anew has given the number to another mail.
  const items = await context.mailbox.list(collectionId, [number], epoch);
  if (items.length === 0) throw new StatusError(status.NotFound);
  const mails = planMails(context, items, options);
  const mapped = await mapMails(context, numbering, mails);
  const email = mapped.data.get(number);
  if (email === undefined) {
    context.log.warn({ collectionId, number, err: mapped.unmapped[0]?.error }, "not convertible");
    throw new StatusError(status.ConversionFailed);
  }
  const shown = restricted(email, asked.Options[0]?.Schema);
  const Email = parts === undefined ? shown : beside(shown, parts);
  return { Class: "Email", Properties: { Email } };
}

/** Throws the Status of options that cannot be followed. */
function optionsOf({ Options: [asked] }: Fetch, { version }: Context): MailOptions {
  const bodyPart = asked?.BodyPartPreference;
  if (!isKnownBodyPart(bodyPart)) {
    throw new StatusError(commonStatus.BodyPartPreferenceTypeNotSupported);
  }
  const preferences = asked?.BodyPreference ?? [];
  const options = { version, preferences, mimeSupport: asked?.MIMESupport ?? 0, bodyPart };
  return withinSchema(options, asked?.Schema);
}

/** In a multipart answer the body's Data is a part of its own (MS-ASAIRS 2.2.2.33). */
function beside(email: NonNullable<Properties["Email"]>, parts: Parts): typeof email {
  const { Data, ...body } = email.Body ?? {};
  if (Data === undefined) return email;
  if (Data instanceof Utf8Text) return { ...email, Body: { ...body, Part: parts.add(Data.utf8) } };
  const bytes = typeof Data === "string" ? Buffer.from(Data, "utf8") : Data;
  return { ...email, Body: { ...body, Part: parts.add(bytes) } };
}

async function nameOf(
  asked: Fetch,
  context: Context,
): Promise<Pick<About, "collectionId" | "number" | "epoch">> {
  if (asked.LongId !== undefined) {
    const found = await context.mailbox.resolve(asked.LongId);
    if (found === undefined) throw new StatusError(status.NotFound);
    return found;
  }
  const { CollectionId, ServerId } = asked;
  if (CollectionId === undefined || ServerId === undefined) {
    throw new StatusError(status.ProtocolError);
  }
  const number = itemNumber(CollectionId, ServerId);
  const folder = await context.mailbox.folder(CollectionId);
  if (number === undefined || folder === undefined) throw new StatusError(status.NotFound);
  const epoch = await deviceEpoch(CollectionId, context);
  return { collectionId: CollectionId, number, epoch };
}
