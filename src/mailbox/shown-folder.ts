/** A folder of the store as it is shown to devices. */
import type { CollectionRow } from "../store/collections.ts";
import { collectionIdOf, type Folder } from "./mailbox.ts";

const classes = new Set<string>(["Email", "Contacts", "Calendar", "Tasks", "Notes"]);

/** A folder as devices know it. */
export function folderOf(row: CollectionRow): Folder {
  if (!isClass(row.class)) throw new Error(`folder ${row.serial} has an unknown class`);
  return {
    serial: row.serial,
    collectionId: collectionIdOf(row.serial),
    parentId: row.parentSerial === 0 ? "0" : collectionIdOf(row.parentSerial),
    displayName: row.displayName,
    type: row.type,
    class: row.class,
    selectable: row.selectable,
  };
}

function isClass(name: string): name is Folder["class"] {
  return classes.has(name);
}
