/** Search of the mailbox (MS-ASCMD 2.2.1.16). */
import { commandStatus, commonStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { isKnownBodyPart, type MailOptions } from "../../items/email/options.ts";
import type { Context } from "../context.ts";
import { maxResults } from "../limits.ts";
import { searchedFolders } from "./folders.ts";
import { askedRange } from "./asked-range.ts";
import { foundMails, type FoundMail } from "./found-mails.ts";
import { readMailboxQuery, type MailboxQuery } from "./mailbox-query.ts";
import { told } from "./range.ts";
import { resultsOf, type Results } from "./result-set.ts";

const status = commandStatus.Search;

type Store = NonNullable<RequestOf<"Search">["Store"]>;
type Options = NonNullable<Store["Options"]>;
/** The answer of one store. */
export type StoreAnswer = NonNullable<ResponseOf<"Search">["Response"]>["Store"];

/** Answers a search of the mailbox. Throws StatusError. */
export async function searchMailbox(store: Store, context: Context): Promise<StoreAnswer> {
  const { version, clock } = context;
  const asked = readMailboxQuery(store.Query, { version, nowMs: clock.now() });
  const range = askedRange(store.Options?.Range);
  const options = mailOptionsOf(store.Options, asked, context);
  const readsOn = range.kept.first > 0;
  const results = await search({ ...asked, readsOn }, store.Options, context);
  // What is beyond the last place is not to be had (R3736); what is before it comes along.
  const { mails, count } = await foundMails(results, range.kept, options, context);
  return {
    Status: range.isWhole ? status.Success : status.EndOfRange,
    // Without a match there is one empty Result (R3850).
    Result: mails.length === 0 ? [{}] : mails.map(resultOf),
    ...told(range.kept, { count, total: results.total }),
  };
}

async function search(
  asked: MailboxQuery & { readonly readsOn: boolean },
  options: Options | undefined,
  context: Context,
): Promise<Results> {
  const deep = options?.DeepTraversal === true;
  const folders = searchedFolders(asked.collectionIds, deep, await context.mailbox.folders());
  if (folders === undefined) throw new StatusError(status.FolderSyncRequired);
  if (!asked.wantsMail) return { longIds: [], total: 0 };
  const rebuild = options?.RebuildResults === true;
  const query = { ...asked.query, conversationId: asked.conversationId };
  const { readsOn } = asked;
  return await resultsOf({ query, folders, limit: maxResults, rebuild, readsOn }, context);
}

function mailOptionsOf(
  options: Options | undefined,
  { conversationId }: MailboxQuery,
  { version }: Context,
): MailOptions {
  // Only with a ConversationId (R5568).
  const bodyPart = conversationId === undefined ? undefined : options?.BodyPartPreference;
  if (!isKnownBodyPart(bodyPart)) {
    throw new StatusError(commonStatus.BodyPartPreferenceTypeNotSupported);
  }
  return {
    version,
    preferences: options?.BodyPreference ?? [],
    mimeSupport: options?.MIMESupport ?? 0,
    bodyPart,
  };
}

function resultOf({ longId, collectionId, email }: FoundMail): StoreAnswer["Result"][number] {
  return {
    Class: "Email",
    LongId: longId,
    CollectionId: collectionId,
    Properties: { Email: email },
  };
}
