/** Find in the address list (MS-ASCMD 2.2.3.82). */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import type { Context } from "../context.ts";
import { arePictureLimits, noPicture } from "../picture.ts";
import { personElements } from "../search/address-list.ts";
import { told } from "../search/range.ts";
import { findRange } from "./find-range.ts";

const status = commandStatus.Find;

type Search = NonNullable<RequestOf<"Find">["ExecuteSearch"]>;
type Criterion = NonNullable<Search["GalSearchCriterion"]>;
type Answer = NonNullable<ResponseOf<"Find">["Response"]>;

/** Answers a search of the address list. Throws StatusError. */
export async function findPeople(
  { Query, Options }: Criterion,
  { account, directory }: Context,
): Promise<Answer> {
  const isValid = Options?.Picture === undefined || arePictureLimits(Options.Picture);
  if (Query.trim() === "" || !isValid) {
    throw new StatusError(status.InvalidRequest, "no name is looked for, or a photo of no size");
  }
  const range = findRange(Options?.Range);
  const page = { offset: range.first, limit: range.last - range.first + 1 };
  const { people, total } = await directory.find(account.domain, Query, page);
  const picture = Options?.Picture === undefined ? {} : { Picture: noPicture };
  return {
    Store: "GAL",
    Status: status.Success,
    Result: people.map((person) => ({ Properties: { ...personElements(person), ...picture } })),
    ...told(range, { count: people.length, total }),
  };
}
