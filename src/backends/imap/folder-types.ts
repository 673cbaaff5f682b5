/** Which folder is Sent, Drafts or Trash: by SPECIAL-USE (RFC 6154), else by its name in many languages. */
import { specialUse } from "imapflow/lib/special-use.js";
import type { MailFolderType } from "../../backend.ts";
import type { ListedFolder } from "./folder-listing.ts";

const uses = [
  ["\\Sent", "sent"],
  ["\\Drafts", "drafts"],
  ["\\Trash", "trash"],
] as const;

const typeOfUse: ReadonlyMap<string, MailFolderType> = new Map(uses);

/** The attribute by which a folder of a type is marked; undefined for types that have none. */
export function useOfType(type: MailFolderType): string | undefined {
  return uses.find(([, marked]) => marked === type)?.[0];
}

interface Claim {
  readonly path: string;
  readonly type: MailFolderType;
  /** 0: the server says so; 1: a name that means it; 2: a name with further words. */
  readonly rank: number;
}

/** Types by path; each type but "user" once, and folders without a type are left out. */
export function folderTypes(folders: readonly ListedFolder[]): ReadonlyMap<string, MailFolderType> {
  const types = new Map<string, MailFolderType>([["INBOX", "inbox"]]);
  const taken = new Set<MailFolderType>();
  const claims = folders.flatMap((folder) => claimsOf(folder)).toSorted(byStrength);
  for (const { path, type } of claims) {
    if (taken.has(type) || types.has(path)) continue;
    types.set(path, type);
    taken.add(type);
  }
  return types;
}

function byStrength(one: Claim, other: Claim): number {
  return one.rank - other.rank || one.path.length - other.path.length;
}

function claimsOf(folder: ListedFolder): Claim[] {
  const { path, status, attributes } = folder;
  if (status === undefined || path === "INBOX") return [];
  const marked = [...typeOfUse].filter(([use]) => attributes.has(use.toLowerCase()));
  if (marked.length > 0) return marked.map(([, type]) => ({ path, type, rank: 0 }));
  return nameClaims(folder);
}

/** Names count at the top and below INBOX only: "Projects/Sent" is a folder of the user. */
function nameClaims({ path, delimiter, attributes }: ListedFolder): Claim[] {
  const segments = delimiter === "" ? [path] : path.split(delimiter);
  const below = segments[0]?.toUpperCase() === "INBOX" ? segments.slice(1) : segments;
  const [name] = below;
  if (name === undefined || below.length !== 1) return [];
  const { flag, source } = specialUse(false, { name, flags: new Set(attributes) });
  const type = flag === null ? undefined : typeOfUse.get(flag);
  return type === undefined ? [] : [{ path, type, rank: source === "name" ? 1 : 2 }];
}
