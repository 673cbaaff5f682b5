/** GetHierarchy (MS-ASCMD 2.2.1.8), up to 12.1: the folders of mail, without a state to go on from. */
import type { ResponseOf } from "../../schemas/commands.ts";
import type { Folder } from "../mailbox/mailbox.ts";
import type { Context } from "./context.ts";

/** Serials and marks from the beginning. */
const everything = { low: 1, high: 2 ** 32 - 1 };
const nothingKnown = { epoch: "1", mark: -1n, next: 1, count: 0 };

/** A folder that the user made: Type goes no further than to the default folders (MS-ASCMD 2.2.3.186.4). */
const userType = 1;
const highestType = 6;

/** Answers a GetHierarchy; whatever fails is HTTP 500 (R6033). */
export async function handleGetHierarchy(
  _request: unknown,
  { mailbox }: Context,
): Promise<ResponseOf<"GetHierarchy">> {
  const feed = await mailbox.hierarchy();
  const { items } = await feed.changed(everything, nothingKnown);
  const folders = await mailbox.foldersOf(items.map(({ number }) => number));
  return { Folder: folders.filter((folder) => folder.class === "Email").map(element) };
}

function element(folder: Folder): ResponseOf<"GetHierarchy">["Folder"][number] {
  return {
    DisplayName: folder.displayName,
    ServerId: folder.collectionId,
    Type: folder.type > highestType ? userType : folder.type,
    ParentId: folder.parentId,
  };
}
