/** In which form a client gets the body of a mail, and how much of it. */
import { atLeast, type ProtocolVersion } from "../../../schemas/version.ts";
import type { BodyPreference } from "./data.ts";
import type { HtmlCare } from "./safe-html.ts";
import { maxBodyBytes, maxMimeBytes, maxPreviewLength } from "./limits.ts";

/** Type of a body (MS-ASAIRS 2.2.2.41). */
export const bodyTypes = { text: 1, html: 2, mime: 4 } as const;

/** A type that we can give; RTF (3) never, as mail has no such body. */
export type BodyType = (typeof bodyTypes)[keyof typeof bodyTypes];

/** What a client asked for: its Options of a Sync, Fetch or Search. */
export interface MailOptions {
  readonly version: ProtocolVersion;
  /** All BodyPreference elements; none means whole plain text. */
  readonly preferences: readonly BodyPreference[];
  /** 0 never MIME, 1 MIME for S/MIME mails, 2 MIME for all (MS-ASCMD 2.2.3.110.3). */
  readonly mimeSupport: number;
  /** 0-8, a row of the table of MS-ASCMD 2.2.3.111; it bounds MIME beside TruncationSize. */
  readonly mimeTruncation?: number | undefined;
  /** Most characters of a text body, as 2.5 counts them (MS-ASCMD 2.2.3.185). */
  readonly textCharacters?: number | undefined;
  /** BodyPartPreference (MS-ASAIRS 2.2.2.11), from 14.1. */
  readonly bodyPart?: BodyPreference | undefined;
  /** How HTML is given; unchanged where it is not told. MIME is given as it is in any case. */
  readonly htmlCare?: HtmlCare | undefined;
  /** Mails that were received before this moment come without a body; previews stay. */
  readonly bodiesSince?: Date | undefined;
}

/** Whether a BodyPartPreference can be followed: the part is HTML, and nothing else (MS-ASAIRS 2.2.2.41.2). */
export function isKnownBodyPart(preference: Pick<BodyPreference, "Type"> | undefined): boolean {
  return preference === undefined || preference.Type === bodyTypes.html;
}

/** The options for a mail of this moment. */
export function optionsAt(received: Date, options: MailOptions): MailOptions {
  const { bodiesSince } = options;
  if (bodiesSince === undefined || received >= bodiesSince) return options;
  const preferences =
    options.preferences.length > 0 ? options.preferences : [{ Type: bodyTypes.text }];
  return {
    ...options,
    preferences: preferences.map(({ Type, Preview }) => ({ Type, Preview, TruncationSize: 0 })),
    bodyPart: options.bodyPart && { ...options.bodyPart, TruncationSize: 0 },
  };
}

/** One way to give the body, to be tried in order. */
export interface Candidate {
  readonly type: BodyType;
  /** Bytes in UTF-8 (MS-ASAIRS 2.2.2.40: "in bytes"). */
  readonly limitBytes: number;
  /** Larger bodies are not given in this way at all. */
  readonly allOrNone: boolean;
  /** Characters; 0 for none. */
  readonly preview: number;
}

/** What the order depends on besides the options. */
interface BodyNature {
  readonly native: 1 | 2;
  readonly isSmime: boolean;
}

/**
 * The ways to try: MIME where the client wants it, then the native type, then the one that gives
 * most (MS-ASAIRS 2.2.2.3.2). The list ends with the first that is not all or none.
 */
export function candidates(options: MailOptions, nature: BodyNature): readonly Candidate[] {
  const known = options.preferences.flatMap((preference) => candidateOf(preference, options));
  const usable = known.filter((each) => each.type !== bodyTypes.mime || givesMime(options, nature));
  if (usable.length === 0) return [fallback(options, nature, known[0])];
  const ordered = usable.toSorted(
    (a, b) => precedence(a, nature) - precedence(b, nature) || b.limitBytes - a.limitBytes,
  );
  const last = ordered.findIndex((each) => !each.allOrNone);
  return last === -1 ? ordered : ordered.slice(0, last + 1);
}

function precedence(candidate: Candidate, nature: BodyNature): number {
  if (candidate.type === bodyTypes.mime) return 0;
  return candidate.type === nature.native ? 1 : 2;
}

function givesMime(options: MailOptions, nature: BodyNature): boolean {
  return options.mimeSupport === 2 || (options.mimeSupport === 1 && nature.isSmime);
}

/** A client that asks for MIME and may not have it gets the native body; one that asks nothing, text. */
function fallback(options: MailOptions, nature: BodyNature, asked?: Candidate): Candidate {
  const type = options.preferences.length === 0 ? bodyTypes.text : nature.native;
  const limitBytes = Math.min(asked?.limitBytes ?? maxBodyBytes, maxBodyBytes);
  return { type, limitBytes, allOrNone: false, preview: asked?.preview ?? 0 };
}

function candidateOf(preference: BodyPreference, options: MailOptions): Candidate[] {
  const type = Object.values(bodyTypes).find((known) => known === preference.Type);
  if (type === undefined) return [];
  const limitBytes = Math.min(askedBytes(preference), ownLimit(type, options));
  const hasPreview = atLeast(options.version, "14.0") && preference.Preview !== undefined;
  return [
    {
      type,
      limitBytes,
      // Without TruncationSize it is ignored (MS-ASAIRS 2.2.2.3.2).
      allOrNone: preference.AllOrNone === true && preference.TruncationSize !== undefined,
      preview: hasPreview ? Math.min(Math.max(preference.Preview ?? 0, 0), maxPreviewLength) : 0,
    },
  ];
}

function askedBytes(preference: BodyPreference): number {
  return Math.max(0, preference.TruncationSize ?? Infinity);
}

/** MIMETruncation in characters by value; 8 and unknown values: whole (MS-ASCMD 2.2.3.111). */
const mimeTruncations = [0, 4096, 5120, 7168, 10_240, 20_480, 51_200, 102_400];

function ownLimit(type: BodyType, options: MailOptions): number {
  if (type !== bodyTypes.mime) return maxBodyBytes;
  return mimeTruncations[options.mimeTruncation ?? Infinity] ?? maxMimeBytes;
}

/** The candidate of a BodyPartPreference: always HTML (MS-ASAIRS 2.2.2.41.2). */
export function bodyPartCandidate(options: MailOptions): Candidate | undefined {
  if (options.bodyPart === undefined || !atLeast(options.version, "14.1")) return undefined;
  return candidateOf({ ...options.bodyPart, Type: bodyTypes.html }, options)[0];
}

/** Truncation in characters by value; 9 and unknown values: whole (MS-ASCMD 2.2.3.185). */
const truncations = [0, 512, 1024, 2048, 5120, 10_240, 20_480, 51_200, 102_400];

/** So many octets of UTF-8 hold at least as many UTF-16 units: whatever the script, enough text is fetched. */
const bytesPerCharacter = 3;

/** The options of 2.5, which has no BodyPreference: MIME where MIMESupport says so, else plain text. */
export function mailOptions25(
  asked:
    | {
        readonly Truncation?: number | undefined;
        readonly MIMESupport?: number | undefined;
        readonly MIMETruncation?: number | undefined;
      }
    | undefined,
): MailOptions {
  const textCharacters = truncations[asked?.Truncation ?? Infinity];
  const text =
    textCharacters === undefined ? {} : { TruncationSize: textCharacters * bytesPerCharacter };
  return {
    version: "2.5",
    preferences: [{ Type: bodyTypes.mime }, { Type: bodyTypes.text, ...text }],
    mimeSupport: asked?.MIMESupport ?? 0,
    mimeTruncation: asked?.MIMETruncation,
    textCharacters,
  };
}
