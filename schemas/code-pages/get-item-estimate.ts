import { codePage, tag } from "../vocabulary.ts";

/** Code page 6: GetItemEstimate (MS-ASWBXML 2.1.2.1.7). */
export const getItemEstimatePage = codePage(6, "GetItemEstimate", {
  GetItemEstimate: 0x05,
  Collections: 0x07,
  Collection: 0x08,
  Class: tag(0x09, "2.5", "12.1"),
  CollectionId: 0x0a,
  Estimate: 0x0c,
  Response: 0x0d,
  Status: 0x0e,
});
