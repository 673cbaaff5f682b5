/** Search of the address list (MS-ASCMD 2.2.1.16, "Searching the Global Address List"). */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf } from "../../../schemas/commands.ts";
import type { Context, Person } from "../context.ts";
import { arePictureLimits, noPicture } from "../picture.ts";
import { askedRange } from "./asked-range.ts";
import type { StoreAnswer } from "./mailbox.ts";
import { told } from "./range.ts";

const status = commandStatus.Search;

type Store = NonNullable<RequestOf<"Search">["Store"]>;

/** Answers a search of the address list. Throws StatusError. */
export async function searchAddressList(
  { Query, Options }: Store,
  { account, directory }: Context,
): Promise<StoreAnswer> {
  if (typeof Query !== "string" || Query.trim() === "") throw invalid("no name is looked for");
  if (Options?.Picture !== undefined && !arePictureLimits(Options.Picture)) {
    throw invalid("a photo of no size");
  }
  const { kept, isWhole } = askedRange(Options?.Range);
  const limit = Math.max(0, kept.last - kept.first + 1);
  const found = await directory.find(account.domain, Query, { offset: kept.first, limit });
  const { people, total } = found;
  const picture = Options?.Picture === undefined ? {} : { Picture: noPicture };
  return {
    Status: isWhole ? status.Success : status.EndOfRange,
    Result: people.length === 0 ? [{}] : people.map((person) => resultOf(person, picture)),
    ...told(kept, { count: people.length, total }),
  };
}

function invalid(reason: string): StatusError {
  return new StatusError(status.InvalidRequest, reason);
}

/** The elements that tell who somebody is: what is not known is left out. */
export function personElements({ displayName, alias, email }: Person) {
  return { DisplayName: displayName, Alias: alias, EmailAddress: email };
}

function resultOf(
  person: Person,
  picture: { readonly Picture?: typeof noPicture },
): StoreAnswer["Result"][number] {
  return { Properties: { GAL: { ...personElements(person), ...picture } } };
}
