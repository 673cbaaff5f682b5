/** Which folders a search goes through. */
import type { Folder } from "../../mailbox/mailbox.ts";

/** No folder: "0" is what Outlook's mobile app sends for all. */
const allFolders = new Set(["", "0"]);

/**
 * The mail folders of these ids, with those below when `deep`; all mail folders where none is named. Undefined:
 * a folder is not known.
 */
export function searchedFolders(
  collectionIds: readonly string[],
  deep: boolean,
  known: readonly Folder[],
): readonly Folder[] | undefined {
  const mail = known.filter((folder) => folder.class === "Email");
  const named = collectionIds.filter((id) => !allFolders.has(id));
  if (named.length < collectionIds.length || named.length === 0) return mail;
  const ids = new Set(known.map(({ collectionId }) => collectionId));
  if (named.some((id) => !ids.has(id))) return undefined;
  const wanted = deep ? withDescendants(named, known) : new Set(named);
  return mail.filter(({ collectionId }) => wanted.has(collectionId));
}

function withDescendants(named: readonly string[], known: readonly Folder[]): ReadonlySet<string> {
  const wanted = new Set(named);
  let before = 0;
  while (wanted.size > before) {
    before = wanted.size;
    for (const { collectionId, parentId } of known) {
      if (wanted.has(parentId)) wanted.add(collectionId);
    }
  }
  return wanted;
}
