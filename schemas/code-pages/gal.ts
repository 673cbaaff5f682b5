import { codePage, tag } from "../vocabulary.ts";

/** Code page 16: GAL (MS-ASWBXML 2.1.2.1.17). */
export const galPage = codePage(16, "GAL", {
  DisplayName: 0x05,
  Phone: 0x06,
  Office: 0x07,
  Title: 0x08,
  Company: 0x09,
  Alias: 0x0a,
  FirstName: 0x0b,
  LastName: 0x0c,
  HomePhone: 0x0d,
  MobilePhone: 0x0e,
  EmailAddress: 0x0f,
  Picture: tag(0x10, "14.1"),
  Status: tag(0x11, "14.1"),
  Data: tag(0x12, "14.1"),
});
