/** Fetch inside a Sync: the whole item once more (MS-ASCMD 2.2.3.67.2). */
import type { MailItem } from "../../items/email/message.ts";
import { itemNumber, type Numbering } from "../../mailbox/mailbox.ts";
import { InvalidSyncKey, type Head } from "../../sync/types.ts";
import { affordable, mapMails, planMails, reportUnmapped } from "../content.ts";
import type { Context } from "../context.ts";
import { toldEpoch } from "../epoch.ts";
import { commandStatus } from "../../../schemas/status.ts";
import { mailOptions } from "./options.ts";
import type { AskedCollection, CommandResponse, SyncOptions } from "./types.ts";

const status = commandStatus.Sync;

/** The answers to the Fetch commands of a collection. Throws InvalidSyncKey on another epoch. */
export async function fetchResponses(
  context: Context,
  asked: AskedCollection,
  { head, options }: { readonly head: Head; readonly options: SyncOptions | undefined },
): Promise<readonly CommandResponse[]> {
  const serverIds = (asked.Commands ?? []).flatMap((command) =>
    "Fetch" in command ? [command.Fetch.ServerId] : [],
  );
  if (serverIds.length === 0) return [];
  const { CollectionId } = asked;
  const numbers = serverIds.flatMap((id) => itemNumber(CollectionId, id) ?? []);
  const numbering = { collectionId: CollectionId, epoch: toldEpoch(head) };
  const items = await listUnder(context, numbering, numbers);
  const wanted = whole(mailOptions(options, context));
  const fitting = affordable(planMails(context, items, wanted));
  const mapped = await mapMails(context, numbering, fitting);
  await reportUnmapped(context, CollectionId, mapped.unmapped);
  // What the answer has no room for is there, and can be asked for again.
  const left = new Set(items.slice(fitting.length).map(({ number }) => number));
  return serverIds.map((ServerId) => {
    const number = itemNumber(CollectionId, ServerId) ?? 0;
    const Email = mapped.data.get(number);
    const Status = left.has(number) ? status.ServerError : status.ObjectNotFound;
    if (Email === undefined) return { Fetch: { ServerId, Status } };
    return { Fetch: { ServerId, Status: status.Success, ApplicationData: { Email } } };
  });
}

/** Only where nothing is found it is asked whether the numbers are void: nothing is found under void ones. */
async function listUnder(
  { mailbox }: Context,
  { collectionId, epoch }: Numbering,
  numbers: readonly number[],
): Promise<readonly MailItem[]> {
  const items = await mailbox.list(collectionId, numbers, epoch);
  if (items.length > 0 || epoch === undefined) return items;
  const now = await (await mailbox.feed(collectionId)).position();
  if (now.epoch !== epoch) throw new InvalidSyncKey("the items have other numbers now");
  return items;
}

/** A Fetch asks for what a truncated answer left out: the same form, uncut. */
function whole(options: ReturnType<typeof mailOptions>): ReturnType<typeof mailOptions> {
  const preferences = options.preferences.map(({ Type, Preview }) => ({ Type, Preview }));
  return {
    ...options,
    preferences,
    mimeTruncation: undefined,
    textCharacters: undefined,
    bodiesSince: undefined,
  };
}
