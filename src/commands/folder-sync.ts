/** FolderSync (MS-ASCMD 2.2.1.5): the folder hierarchy is one more collection of the sync state. */
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { collectionIdOf, type Folder } from "../mailbox/mailbox.ts";
import type { Answer, Opened } from "../sync/types.ts";
import type { Context } from "./context.ts";
import { underKey } from "./hierarchy.ts";

const status = commandStatus.FolderSync;

type Response = ResponseOf<"FolderSync">;
type FolderElement = NonNullable<Response["Changes"]>["Add"][number];

/** No window: the protocol has no MoreAvailable for folders. */
const everything = { windowSize: Number.MAX_SAFE_INTEGER, sinceDay: 0 };

/** Answers a FolderSync. Key 0 resets the hierarchy alone, never the collections. */
export async function handleFolderSync(
  request: RequestOf<"FolderSync"> | undefined,
  context: Context,
): Promise<Response> {
  const { SyncKey } = request ?? {};
  if (SyncKey === undefined) throw new StatusError(status.IncorrectFormat);
  return await underKey({ SyncKey, hash: "FolderSync" }, context, async (opened) => {
    if (opened.kind !== "again" || opened.answer === undefined) {
      return await tell(SyncKey, opened, context);
    }
    const { key, operations } = opened.answer;
    return { Status: status.Success, ...(await told(key, operations, context)) };
  });
}

async function tell(askedKey: string, opened: Opened, context: Context): Promise<Response> {
  const feed = await context.mailbox.hierarchy();
  const { operations, next } = await context.sync.plan(opened.head, feed, everything);
  if (operations.length === 0 && opened.kind === "next") {
    await context.sync.touch(opened.head, next);
    return { Status: status.Success, ...(await told(askedKey, [], context)) };
  }
  const changes = await told("", operations, context);
  const key = await context.sync.commit(opened, next, { operations, uploads: [], more: false });
  return { Status: status.Success, ...changes, SyncKey: key };
}

/** The Changes element; folders that vanished since the plan come as Delete with the next FolderSync. */
async function told(
  SyncKey: string,
  operations: Answer["operations"],
  { mailbox }: Context,
): Promise<Pick<Response, "SyncKey" | "Changes">> {
  const serials = operations.map(({ number }) => number);
  const folders = new Map(
    (await mailbox.foldersOf(serials)).map((folder) => [folder.serial, folder]),
  );
  const of = (kind: string): Folder[] =>
    operations
      .filter((operation) => operation.kind === kind)
      .flatMap(({ number }) => folders.get(number) ?? [])
      .toSorted((one, other) => one.serial - other.serial);
  const Add = parentsFirst(of("add")).map(folderElement);
  const Update = of("change").map(folderElement);
  const Delete = operations
    .filter(({ kind }) => kind === "delete" || kind === "softDelete")
    .map(({ number }) => ({ ServerId: collectionIdOf(number) }));
  const Count = Add.length + Update.length + Delete.length;
  return { SyncKey, Changes: { Count, Add, Update, Delete } };
}

/** Some clients drop a folder whose parent they do not know yet. */
function parentsFirst(folders: readonly Folder[]): readonly Folder[] {
  const waiting = new Map(folders.map((folder) => [folder.collectionId, folder]));
  const ordered: Folder[] = [];
  const take = (folder: Folder): void => {
    if (!waiting.delete(folder.collectionId)) return;
    const parent = waiting.get(folder.parentId);
    if (parent !== undefined) take(parent);
    ordered.push(folder);
  };
  for (const folder of folders) take(folder);
  return ordered;
}

function folderElement(folder: Folder): FolderElement {
  return {
    ServerId: folder.collectionId,
    ParentId: folder.parentId,
    DisplayName: folder.displayName,
    Type: folder.type,
  };
}
