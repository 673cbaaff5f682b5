/** ResolveRecipients (MS-ASCMD 2.2.1.15): whom a name or an address means. */
import { atLeast } from "../../schemas/version.ts";
import { commandStatus, commonStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { parseMoment } from "../items/search/moment.ts";
import type { Context, Person } from "./context.ts";
import { maxRecipients, maxSuggestions } from "./limits.ts";
import { arePictureLimits, noPicture } from "./picture.ts";

type Request = RequestOf<"ResolveRecipients">;
type Options = NonNullable<Request["Options"]>;
type Response = ResponseOf<"ResolveRecipients">;
type Resolved = Response["Response"][number];
type Recipient = Resolved["Recipient"][number];

const status = commandStatus.ResolveRecipients;

/** Answers a ResolveRecipients; each To has a Status of its own. */
export async function handleResolveRecipients(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  if (request === undefined || !isValid(request)) throw new StatusError(status.ProtocolError);
  const resolved: Resolved[] = [];
  for (const to of request.To) resolved.push(await resolve(to, request.Options ?? {}, context));
  return { Status: status.Success, Response: resolved };
}

/** MS-ASCMD R4611: characters of a To. */
const maxToLength = 256;

function isValid({ To, Options = {} }: Request): boolean {
  if (To.length === 0 || To.length > maxRecipients) return false;
  if (To.some((to) => to.trim() === "" || to.length > maxToLength)) return false;
  return areOptions(Options);
}

function areOptions(options: Options): boolean {
  const { CertificateRetrieval = 1, MaxCertificates = 0, MaxAmbiguousRecipients = 0 } = options;
  if (![1, 2, 3].includes(CertificateRetrieval)) return false;
  if (!isCount(MaxCertificates) || !isCount(MaxAmbiguousRecipients)) return false;
  if (options.Picture !== undefined && !arePictureLimits(options.Picture)) return false;
  return options.Availability === undefined || isSpan(options.Availability);
}

/** R3248, R3253. */
function isCount(count: number): boolean {
  return count >= 0 && count <= 9_999;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Half an hour to 42 days, seven by default (R2264 to R2266, R3986, R5175). */
function isSpan({ StartTime = "", EndTime }: NonNullable<Options["Availability"]>): boolean {
  const start = parseMoment(StartTime)?.getTime();
  if (start === undefined) return false;
  const end = EndTime === undefined ? start + 7 * dayMs : parseMoment(EndTime)?.getTime();
  if (end === undefined) return false;
  return end >= start + 30 * minuteMs && end - start <= 42 * dayMs;
}

/** One person is the recipient; several are suggestions, without certificates and times. */
async function resolve(To: string, options: Options, context: Context): Promise<Resolved> {
  const { account, directory } = context;
  const name = /<([^<>]+)>\s*$/.exec(To)?.[1] ?? To;
  const most = Math.min(options.MaxAmbiguousRecipients ?? maxSuggestions, maxSuggestions);
  const page = { offset: 0, limit: Math.max(1, most) };
  const { people, total } = await directory.find(account.domain, name, page);
  const only = people.find(({ email }) => email.toLowerCase() === name.trim().toLowerCase());
  const [first] = only === undefined ? people : [only];
  if (first === undefined) return { To, Status: status.NotFound, RecipientCount: 0, Recipient: [] };
  if (only !== undefined || total === 1) {
    const Recipient = [{ ...recipientOf(first, options), ...details(options, context) }];
    return { To, Status: status.Success, RecipientCount: 1, Recipient };
  }
  const Recipient = people.slice(0, most).map((person) => recipientOf(person, options));
  const Status = Recipient.length < total ? status.AmbiguousPartial : status.Ambiguous;
  return { To, Status, RecipientCount: total, Recipient };
}

/** MS-ASCMD 2.2.3.186.5: an entry of the address list. */
const addressListType = 1;

function recipientOf({ displayName, email }: Person, { Picture }: Options): Recipient {
  const person = { Type: addressListType, DisplayName: displayName, EmailAddress: email };
  return { ...person, Picture: Picture === undefined ? [] : [noPicture] };
}

/** There are no certificates and no calendars of others here. */
function details(options: Options, { version }: Context): Partial<Recipient> {
  const { CertificateRetrieval = 1, Availability } = options;
  const Status = status.NoCertificate;
  const none = { Status, CertificateCount: 0, RecipientCount: 1, Certificate: [] };
  const asksTimes = Availability !== undefined && atLeast(version, "14.0");
  return {
    ...(asksTimes ? { Availability: { Status: commonStatus.AvailabilityFailure } } : {}),
    ...(CertificateRetrieval === 1 ? {} : { Certificates: none }),
  };
}
