import { commands } from "./commands.ts";
import type { CommandName, ResponseOf } from "./commands.ts";
import { toField } from "./vocabulary.ts";
import type { Fields, Schema } from "./vocabulary.ts";

function fieldsOf(schema: Schema): Fields {
  return schema.shape.kind === "struct" ? schema.shape.fields : {};
}

/** Lists without entries, so that the answer is whole. */
function emptyLists(fields: Fields): [string, unknown][] {
  return Object.entries(fields)
    .filter(([, field]) => toField(field).count === "many")
    .map(([key]): [string, unknown] => [key, []]);
}

function withStatus(schema: Schema, status: number): Record<string, unknown> {
  const fields = fieldsOf(schema);
  if ("Status" in fields) {
    return Object.fromEntries([...emptyLists(fields), ["Status", status]]);
  }
  const inner = Object.entries(fields).find(([, field]) => {
    return "Status" in fieldsOf(toField(field).schema);
  });
  if (inner === undefined) return Object.fromEntries(emptyLists(fields));
  const [key, field] = inner;
  return { [key]: [withStatus(toField(field).schema, status)] };
}

/**
 * The answer of a command that says nothing but a Status: at its top, or in one entry where the
 * top has none (MeetingResponse).
 */
export function errorResponse<Name extends CommandName>(
  name: Name,
  status: number,
): ResponseOf<Name> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- built from the schema that this type comes from
  return withStatus(commands[name].response, status) as ResponseOf<Name>;
}
