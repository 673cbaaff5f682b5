import { folderHierarchyPage } from "./code-pages/folder-hierarchy.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

/** A folder as the client is told of it (MS-ASCMD 2.2.3.7.1). */
const folder = v.struct(folderHierarchyPage, {
  ServerId: v.text,
  ParentId: v.text,
  DisplayName: v.content(v.text),
  Type: v.integer,
});

/** What changed in the hierarchy (MS-ASCMD 2.2.3.25). */
const folderChanges = v.struct(folderHierarchyPage, {
  Count: v.optional(v.integer),
  Update: v.list(folder),
  Delete: v.list(v.struct(folderHierarchyPage, { ServerId: v.text })),
  Add: v.list(folder),
});

/** A folder command without a sync key is answered with this Status (MS-ASCMD 2.2.3.181.3). */
const incorrectFormat = 10;
const page = folderHierarchyPage;
const syncKey = v.missing(incorrectFormat, v.text);
const serverId = v.missing(incorrectFormat, v.text);
const named = {
  ParentId: v.missing(incorrectFormat, v.text),
  DisplayName: v.missing(incorrectFormat, v.content(v.text)),
};
const answered = { Status: v.integer, SyncKey: v.optional(v.text) };

/** FolderSync (MS-ASCMD 2.2.1.5). */
export const folderSync = command("FolderSync", {
  page,
  code: 9,
  request: v.struct(page, { SyncKey: syncKey }),
  response: v.struct(page, { ...answered, Changes: v.optional(folderChanges) }),
});

/** FolderCreate (MS-ASCMD 2.2.1.3). */
export const folderCreate = command("FolderCreate", {
  page,
  code: 10,
  request: v.struct(page, {
    SyncKey: syncKey,
    ...named,
    Type: v.missing(incorrectFormat, v.integer),
  }),
  response: v.struct(page, { ...answered, ServerId: v.optional(v.text) }),
});

/** FolderDelete (MS-ASCMD 2.2.1.4). */
export const folderDelete = command("FolderDelete", {
  page,
  code: 11,
  request: v.struct(page, { SyncKey: syncKey, ServerId: serverId }),
  response: v.struct(page, answered),
});

/** FolderUpdate (MS-ASCMD 2.2.1.6). */
export const folderUpdate = command("FolderUpdate", {
  page,
  code: 12,
  // MS-ASCMD 2.2.3.77, R3102: a Status is no element of a request.
  request: v.refusing(
    { status: incorrectFormat, elementsOf: [v.struct(page, { Status: v.integer })] },
    v.struct(page, { SyncKey: syncKey, ServerId: serverId, ...named }),
  ),
  response: v.struct(page, answered),
});

/** GetHierarchy, before FolderSync (MS-ASCMD 2.2.1.8): its request has no body. */
export const getHierarchy = command("GetHierarchy", {
  page,
  until: "12.1",
  request: v.struct(page, {}),
  requestRoot: "Folders",
  responseRoot: "Folders",
  response: v.struct(page, {
    Folder: v.list(
      v.struct(page, {
        DisplayName: v.content(v.text),
        ServerId: v.text,
        Type: v.integer,
        ParentId: v.text,
      }),
    ),
  }),
});
