/** Every element of the schemas: where it stands and which versions have it. */
import { commands, type CommandName } from "../../schemas/commands.ts";
import type { Command } from "../../schemas/command.ts";
import { versions, type ProtocolVersion } from "../../schemas/version.ts";
import type { Schema } from "../../schemas/vocabulary.ts";
import { layoutOf, type Child } from "../../src/wbxml/layout.ts";
import { tagById } from "../../src/wbxml/tag-names.ts";

/** Requests are read, answers are written. */
export type Direction = "read" | "written";

/** One element of a code page in the messages of one direction. */
export interface Element {
  /** `prefix:Name`. */
  readonly name: string;
  readonly page: string;
  readonly direction: Direction;
  readonly commands: ReadonlySet<CommandName>;
  readonly since: ProtocolVersion;
  readonly until: ProtocolVersion;
}

interface Found {
  name: string;
  page: string;
  direction: Direction;
  commands: Set<CommandName>;
  first: number;
  last: number;
}

/** What is being walked through. */
interface Walk {
  readonly command: CommandName;
  readonly direction: Direction;
  readonly found: Map<string, Found>;
  /** Schemas on the way down: some hold themselves. */
  readonly seen: Set<Schema>;
}

/** All elements, by page and in the order of their tokens. */
export function listElements(): readonly Element[] {
  const found = new Map<string, Found>();
  for (const [name, { request, response }] of Object.entries<Command>(commands)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- entries forgets the keys
    const command = name as CommandName;
    walk(request, { command, direction: "read", found, seen: new Set() });
    walk(response, { command, direction: "written", found, seen: new Set() });
  }
  return [...found.values()].map(({ first, last, ...element }) => ({
    ...element,
    since: versions[first] ?? "2.5",
    until: versions[last] ?? "16.1",
  }));
}

function walk(of: Schema, at: Walk): void {
  if (at.seen.has(of)) return;
  at.seen.add(of);
  const { shape } = of;
  if (shape.kind === "textOr") return walk(shape.other, at);
  if (shape.kind === "byClass") {
    for (const one of Object.values(shape.classes)) walk(one, at);
    if (shape.extra !== undefined) walk(shape.extra, at);
  }
  if (shape.kind !== "struct" && shape.kind !== "choices") return;
  for (const child of layoutOf(shape.page, shape.fields).children) {
    note(child, at);
    walk(child.schema, at);
  }
}

function note({ id, first, last }: Child, { command, direction, found }: Walk): void {
  const tag = tagById(id);
  if (tag === undefined) throw new Error(`a schema names tag ${id}, which no page has`);
  const key = `${direction} ${id}`;
  const name = `${tag.page.prefix}:${tag.name}`;
  const page = tag.page.name;
  const known = found.get(key) ?? {
    name,
    page,
    direction,
    commands: new Set<CommandName>(),
    first,
    last,
  };
  known.commands.add(command);
  known.first = Math.min(known.first, first);
  known.last = Math.max(known.last, last);
  found.set(key, known);
}
