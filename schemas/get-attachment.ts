import { itemOperationsPage } from "./code-pages/item-operations.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const none = v.struct(itemOperationsPage, {});

/** GetAttachment (MS-ASCMD 2.2.1.7): the name is in the query, the answer is the attachment. */
export const getAttachment = command("GetAttachment", {
  page: itemOperationsPage,
  code: 4,
  until: "12.1",
  wbxmlSince: undefined,
  request: none,
  response: none,
});
