import { rank, versions } from "../../schemas/version.ts";
import { toField } from "../../schemas/vocabulary.ts";
import type { CodePage, Count, Field, Fields, Schema } from "../../schemas/vocabulary.ts";

/** A child element of a struct, resolved: its number on the wire and when it is sent. */
export interface Child {
  readonly key: string;
  readonly page: number;
  readonly token: number;
  /** page * 256 + token. */
  readonly id: number;
  readonly count: Count;
  readonly schema: Schema;
  readonly missing: number | undefined;
  readonly repeated: number | undefined;
  /** First and last version that has it, by rank. */
  readonly first: number;
  readonly last: number;
}

/** The children of a struct or of choices, in their order and by their number. */
export interface Layout {
  readonly children: readonly Child[];
  readonly byId: ReadonlyMap<number, Child>;
  readonly required: readonly Child[];
  readonly lists: readonly Child[];
}

const newest = versions.length - 1;

function toChild(parent: CodePage, key: string, field: Field): Child {
  const page = field.page ?? parent;
  const name = key.slice(key.indexOf(":") + 1);
  const tag = page.tags[name];
  if (tag === undefined) throw new Error(`${page.name} has no ${name}`);
  return {
    key,
    page: page.number,
    token: tag.token,
    id: page.number * 256 + tag.token,
    count: field.count,
    schema: field.schema,
    missing: field.missing,
    repeated: field.repeated,
    first: Math.max(rank(tag.since), rank(field.since ?? "2.5")),
    last: Math.min(
      tag.until === undefined ? newest : rank(tag.until),
      field.until === undefined ? newest : rank(field.until),
    ),
  };
}

function resolve(page: CodePage, fields: Fields): Layout {
  const children = Object.entries(fields).map(([key, of]) => toChild(page, key, toField(of)));
  return {
    children,
    byId: new Map(children.map((child) => [child.id, child])),
    required: children.filter((child) => child.count === "one"),
    lists: children.filter((child) => child.count === "many"),
  };
}

const layouts = new WeakMap<Fields, Layout>();

/** The layout of a struct or of choices; made once. */
export function layoutOf(page: CodePage, fields: Fields): Layout {
  const known = layouts.get(fields);
  if (known !== undefined) return known;
  const layout = resolve(page, fields);
  layouts.set(fields, layout);
  return layout;
}

/** The layout of a schema that is a struct; an empty one of any other. */
export function layoutOfStruct(of: Schema): Layout {
  if (of.shape.kind === "struct") return layoutOf(of.shape.page, of.shape.fields);
  throw new Error("a class must be a struct");
}

/** The class that only one class's elements of a page tell, by page number (MS-ASCMD 2.2.3.11). */
export function classesByPage(
  classes: Readonly<Record<string, Schema>>,
): ReadonlyMap<number, string> {
  const found = new Map<number, string | undefined>();
  for (const [name, schema] of Object.entries(classes)) {
    for (const { page } of layoutOfStruct(schema).children) {
      found.set(page, found.has(page) && found.get(page) !== name ? undefined : name);
    }
  }
  return new Map([...found].filter((entry): entry is [number, string] => entry[1] !== undefined));
}
