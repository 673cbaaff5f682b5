import { calendar } from "./calendar.ts";
import { contacts } from "./contacts.ts";
import { documentLibrary } from "./document-library.ts";
import { email } from "./email.ts";
import { notes } from "./notes.ts";
import { tasks } from "./tasks.ts";
import * as v from "./vocabulary.ts";

/** The item classes that a collection may have, each with its elements. */
const itemClasses = {
  Email: email,
  Contacts: contacts,
  Calendar: calendar,
  Tasks: tasks,
  Notes: notes,
};

/** The classes of fetched items: documents too. */
export const fetchedClasses = { ...itemClasses, DocumentLibrary: documentLibrary };

/** An item of one class, named by its only key (MS-ASCMD 2.2.3.11). */
export const applicationData = v.byClass(itemClasses);
