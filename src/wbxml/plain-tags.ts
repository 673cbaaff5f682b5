import { commands } from "../../schemas/commands.ts";
import { layoutOf } from "./layout.ts";
import type { Command } from "../../schemas/command.ts";
import type { Schema } from "../../schemas/vocabulary.ts";

/** Schemas within a schema that have no element of their own. */
function inner({ shape }: Schema): readonly Schema[] {
  if (shape.kind === "textOr") return [shape.other];
  if (shape.kind !== "byClass") return [];
  const classes = Object.values(shape.classes);
  return shape.extra === undefined ? classes : [...classes, shape.extra];
}

/** Tags by whether they hold contents in some place. */
interface Found {
  readonly content: Set<number>;
  readonly all: Set<number>;
}

function collect(of: Schema, found: Found, seen: Set<Schema>): void {
  if (seen.has(of)) return;
  seen.add(of);
  for (const schema of inner(of)) collect(schema, found, seen);
  if (of.shape.kind !== "struct" && of.shape.kind !== "choices") return;
  for (const child of layoutOf(of.shape.page, of.shape.fields).children) {
    found.all.add(child.id);
    if (child.schema.content) found.content.add(child.id);
    collect(child.schema, found, seen);
  }
}

function collectAll(): ReadonlySet<number> {
  const found: Found = { content: new Set(), all: new Set() };
  const seen = new Set<Schema>();
  for (const { request, response } of Object.values<Command>(commands)) {
    collect(request, found, seen);
    collect(response, found, seen);
  }
  return found.all.difference(found.content);
}

/**
 * The numbers of all tags that nowhere in the protocol hold a user's content or secrets. A tag that is in no
 * message we know may hold anything.
 */
export const plainTags = collectAll();
