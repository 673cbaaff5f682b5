import { galPage } from "./code-pages/gal.ts";
import * as v from "./vocabulary.ts";

const personal = v.optional(v.content(v.text));

/** An entry of the address list (MS-ASCMD 2.2.3.139.3). */
export const gal = v.struct(galPage, {
  DisplayName: personal,
  Phone: personal,
  Office: personal,
  Title: personal,
  Company: personal,
  Alias: personal,
  FirstName: personal,
  LastName: personal,
  HomePhone: personal,
  MobilePhone: personal,
  EmailAddress: personal,
  Picture: v.since(
    "14.1",
    v.struct(galPage, { Status: v.integer, Data: v.optional(v.content(v.textOrBytes)) }),
  ),
});
