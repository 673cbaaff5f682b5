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

function collect(of: Schema, found: Set<number>, seen: Set<Schema>): void {
  if (seen.has(of)) return;
  seen.add(of);
  for (const schema of inner(of)) collect(schema, found, seen);
  if (of.shape.kind !== "struct" && of.shape.kind !== "choices") return;
  for (const child of layoutOf(of.shape.page, of.shape.fields).children) {
    if (child.schema.content) found.add(child.id);
    collect(child.schema, found, seen);
  }
}

function collectAll(): ReadonlySet<number> {
  const found = new Set<number>();
  const seen = new Set<Schema>();
  for (const { request, response } of Object.values<Command>(commands)) {
    collect(request, found, seen);
    collect(response, found, seen);
  }
  return found;
}

/** The numbers of all tags that hold a user's content or secrets anywhere in the protocol. */
export const contentTags = collectAll();
