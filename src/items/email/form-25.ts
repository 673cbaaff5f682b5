/** A mail as 2.5 has it: body and attachments are elements of the Email page (MS-ASEMAIL 2.2.2.10.2, 2.2.2.4.2). */
import { heldIn, Utf8Text } from "../../kit/octets.ts";
import type { Body, EmailData } from "./data.ts";
import { bodyTypes } from "./options.ts";

type Attachments25 = NonNullable<EmailData["email:Attachments"]>;

/** The data with the elements of 2.5 in the place of those of AirSyncBase; text is cut at so many characters. */
export function inForm25(data: EmailData, textCharacters: number | undefined): EmailData {
  const { Body, Attachments, ...rest } = data;
  return {
    ...rest,
    ...(Body === undefined ? {} : bodyElements(Body, textCharacters)),
    ...(Attachments === undefined ? {} : { "email:Attachments": attachments25(Attachments) }),
  };
}

function bodyElements(body: Body, textCharacters = Infinity): EmailData {
  return body.Type === bodyTypes.mime ? mimeElements(body) : textElements(body, textCharacters);
}

/** Of MIME the size is always told (MS-ASEMAIL 2.2.2.51). */
function mimeElements({ Data = "", Truncated, EstimatedDataSize }: Body): EmailData {
  return {
    MIMEData: Data,
    MIMESize: EstimatedDataSize ?? 0,
    MIMETruncated: Truncated === true,
  };
}

/** The size is told of what was cut alone (MS-ASEMAIL 2.2.2.12); of what was fetched in part it is in octets. */
function textElements({ Data = "", Truncated, EstimatedDataSize }: Body, most: number): EmailData {
  const text = textOf(Data);
  if (Truncated !== true && text.length <= most)
    return { "email:Body": text, BodyTruncated: false };
  const shown = text.length <= most ? text : text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
  const BodySize = Truncated === true ? (EstimatedDataSize ?? text.length) : text.length;
  return {
    ...(shown === "" ? {} : { "email:Body": shown }),
    BodySize,
    BodyTruncated: true,
  };
}

/** Octets that are no text are of MIME alone. */
function textOf(data: NonNullable<Body["Data"]>): string {
  if (typeof data === "string") return data;
  return data instanceof Utf8Text ? (heldIn(data.utf8)?.toString("utf8") ?? "") : "";
}

function attachments25(attachments: NonNullable<EmailData["Attachments"]>): Attachments25 {
  const Attachment = attachments.flatMap((each) => {
    if (!("Attachment" in each)) return [];
    const { FileReference = "", EstimatedDataSize = 0, Method = 1, ...named } = each.Attachment;
    const { ContentId, DisplayName } = named;
    return {
      AttName: FileReference,
      AttSize: EstimatedDataSize,
      AttMethod: Method,
      ...(ContentId === undefined ? {} : { Att0id: ContentId }),
      DisplayName,
    };
  });
  return { Attachment };
}
