/** Find in the mailbox (MS-ASCMD 2.2.3.99). */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { displayNames } from "../../items/email/addresses.ts";
import { bodyTypes, type MailOptions } from "../../items/email/options.ts";
import type { Condition } from "../../items/search/condition.ts";
import { keywordQuery, QueryTooComplex } from "../../items/search/keyword-query.ts";
import { dayOf } from "../../kit/clock.ts";
import { itemServerId } from "../../mailbox/mailbox.ts";
import type { Context } from "../context.ts";
import { maxFindResults } from "../limits.ts";
import { searchedFolders } from "../search/folders.ts";
import { foundMails, type FoundMail } from "../search/found-mails.ts";
import { told } from "../search/range.ts";
import { findRange } from "./find-range.ts";
import { isLastSearch, resultsOf } from "../search/result-set.ts";

const status = commandStatus.Find;

type Search = NonNullable<RequestOf<"Find">["ExecuteSearch"]>;
type Criterion = NonNullable<Search["MailBoxSearchCriterion"]>;
type Answer = NonNullable<ResponseOf<"Find">["Response"]>;

/** Answers a search of the mailbox. Throws StatusError. */
export async function findMails(
  searchId: string,
  { Query, Options }: Criterion,
  context: Context,
): Promise<Answer> {
  // R901100613: mail is the only class.
  if ((Query.Class ?? "Email") !== "Email") throw invalid("a class that is none");
  const condition = conditionOf(Query.FreeText, context);
  const range = findRange(Options?.Range);
  const isKnown = range.first === 0 || (await isLastSearch(searchId, context));
  if (!isKnown) throw new StatusError(status.StartWithRangeZero);
  const collectionIds = Query.CollectionId === undefined ? [] : [Query.CollectionId];
  const deep = Options?.DeepTraversal === true;
  const folders = searchedFolders(collectionIds, deep, await context.mailbox.folders());
  if (folders === undefined) throw new StatusError(status.FolderSyncRequired);
  const asked = { query: { condition }, folders, searchId, limit: maxFindResults };
  const search = { ...asked, rebuild: false, readsOn: range.first > 0 };
  const results = await resultsOf(search, context);
  const { mails, count } = await foundMails(results, range, previewOnly(context), context);
  return {
    Store: "Mailbox",
    Status: status.Success,
    Result: mails.map(resultOf),
    ...told(range, { count, total: results.total }),
  };
}

function invalid(reason: string): StatusError {
  return new StatusError(status.InvalidRequest, reason);
}

function conditionOf(text: string | undefined, { clock }: Context): Condition {
  const today = { day: dayOf(clock.now()) };
  try {
    const condition = keywordQuery(text ?? "", today);
    if (condition === undefined) throw invalid("nothing is looked for");
    return condition;
  } catch (error) {
    if (!(error instanceof QueryTooComplex)) throw error;
    throw new StatusError(status.InvalidRequest, error.message, { cause: error });
  }
}

/** MS-ASCMD 2.2.3.137. */
const previewLength = 255;

/** No body, but the beginning of its text. */
function previewOnly({ version }: Context): MailOptions {
  const preference = { Type: bodyTypes.html, TruncationSize: 0, Preview: previewLength };
  return { version, preferences: [preference], mimeSupport: 0 };
}

function resultOf({ collectionId, item, email }: FoundMail): Answer["Result"][number] {
  const { Subject, DateReceived, DisplayTo, Importance, Read, IsDraft, From, Body } = email;
  const { cc, bcc } = item.envelope;
  return {
    Class: "Email",
    ServerId: itemServerId(collectionId, item.number),
    CollectionId: collectionId,
    Properties: {
      Subject,
      DateReceived,
      DisplayTo,
      Importance,
      Read,
      IsDraft,
      From,
      ...(cc.length === 0 ? {} : { DisplayCc: displayNames(cc) }),
      ...(bcc.length === 0 ? {} : { DisplayBcc: displayNames(bcc) }),
      Preview: Body?.Preview,
      HasAttachments: (email.Attachments ?? []).length > 0,
    },
  };
}
