/** The plain form of the query (MS-ASHTTP 2.2.1.1.1.2). */
import { InvalidQuery, type Query, type QueryParameters, type TextParameter } from "./query.ts";

const names = {
  attachmentname: "attachmentName",
  collectionid: "collectionId",
  itemid: "itemId",
  longid: "longId",
  parentid: "parentId",
  occurrence: "occurrence",
} as const satisfies Record<string, TextParameter>;

function isTextName(name: string): name is keyof typeof names {
  return Object.hasOwn(names, name);
}

/** Reads a plain query. Throws `InvalidQuery`. */
export function parsePlainQuery(raw: string): Query {
  const values = new Map<string, string>();
  const parameters: QueryParameters = { saveInSent: false, acceptMultiPart: false };
  for (const [spelled, value] of new URLSearchParams(raw)) {
    const name = spelled.toLowerCase();
    if (isTextName(name)) parameters[names[name]] = value;
    else if (name === "saveinsent") parameters.saveInSent = value.toUpperCase() === "T";
    else values.set(name, value);
  }
  const command = values.get("cmd");
  if (command === undefined || command === "") throw new InvalidQuery("The query names no command");
  return {
    command,
    deviceId: values.get("deviceid") ?? "",
    deviceType: values.get("devicetype") ?? "",
    version: undefined,
    policyKey: undefined,
    parameters,
  };
}
