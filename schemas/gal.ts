import { galPage } from "./code-pages/gal.ts";
import * as v from "./vocabulary.ts";

const personal = v.from(galPage, v.optional(v.content(v.text)));

/** What is told of a person, in an entry of the address list and in an answer of Find. */
export const personalFields = {
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
};

/** An entry of the address list (MS-ASCMD 2.2.3.139.3). */
export const gal = v.struct(galPage, {
  ...personalFields,
  Picture: v.since(
    "14.1",
    v.struct(galPage, { Status: v.integer, Data: v.optional(v.content(v.textOrBytes)) }),
  ),
});
