/** The elements of Body and BodyPart from what was rendered (MS-ASAIRS 2.2.2.9, 2.2.2.10). */
import type { BodyParts } from "./body-parts.ts";
import type { BodyPart } from "./data.ts";
import { htmlToPlain } from "./html.ts";
import { maxOwnPartBytes, previewTextBytes } from "./limits.ts";
import { bodyTypes, type Candidate } from "./options.ts";
import { renderOwnPart, type Origin, type Rendition } from "./rendition.ts";
import { previewOf } from "./text.ts";

interface BodyElements {
  Type: number;
  EstimatedDataSize: number;
  Truncated?: boolean;
  Data?: Rendition["data"];
  Preview?: string;
}

/** Data is left out where all or none means none, or where the client wants nothing (size 0). */
export function bodyElements(
  { data, truncated, totalBytes }: Rendition,
  candidate: Candidate,
  preview: () => string,
): BodyElements {
  const elements: BodyElements = { Type: candidate.type, EstimatedDataSize: totalBytes };
  // S/MIME clients are promised the element (MS-ASCMD 2.2.3.110.3); else absent means whole.
  if (truncated || candidate.type === bodyTypes.mime) elements.Truncated = truncated;
  const hasData = !truncated || (!candidate.allOrNone && candidate.limitBytes > 0);
  if (hasData) elements.Data = data;
  // Not beside plain text that is there (MS-ASAIRS 2.2.2.35.1).
  const wantsPreview = candidate.preview > 0 && !(hasData && candidate.type === bodyTypes.text);
  if (wantsPreview) elements.Preview = previewOf(preview(), candidate.preview);
  return elements;
}

/** Status of a BodyPart (MS-ASAIRS 2.2.2.37). */
const partStatus = { success: 1, tooLarge: 176 } as const;

/** BodyPart: the mail without what it quotes. */
export function bodyPartOf(
  parts: BodyParts,
  candidate: Candidate,
  from: Omit<Origin, "limitBytes">,
): BodyPart {
  const whole = renderOwnPart(parts, { ...from, limitBytes: maxOwnPartBytes });
  if (whole.truncated && candidate.limitBytes > maxOwnPartBytes) {
    const { totalBytes: EstimatedDataSize } = whole;
    return { Status: partStatus.tooLarge, Type: candidate.type, EstimatedDataSize };
  }
  const { limitBytes } = candidate;
  const shown = renderOwnPart(parts, { ...from, limitBytes });
  const preview = (): string => htmlToPlain(whole.data, previewTextBytes).text;
  return { Status: partStatus.success, ...bodyElements(shown, candidate, preview) };
}
