import { airNotifyPage } from "./code-pages/air-notify.ts";
import { airSyncPage } from "./code-pages/air-sync.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { calendarPage } from "./code-pages/calendar.ts";
import { composeMailPage } from "./code-pages/compose-mail.ts";
import { contactsPage } from "./code-pages/contacts.ts";
import { contacts2Page } from "./code-pages/contacts2.ts";
import { documentLibraryPage } from "./code-pages/document-library.ts";
import { emailPage } from "./code-pages/email.ts";
import { email2Page } from "./code-pages/email2.ts";
import { findPage } from "./code-pages/find.ts";
import { folderHierarchyPage } from "./code-pages/folder-hierarchy.ts";
import { galPage } from "./code-pages/gal.ts";
import { getItemEstimatePage } from "./code-pages/get-item-estimate.ts";
import { itemOperationsPage } from "./code-pages/item-operations.ts";
import { meetingResponsePage } from "./code-pages/meeting-response.ts";
import { movePage } from "./code-pages/move.ts";
import { notesPage } from "./code-pages/notes.ts";
import { pingPage } from "./code-pages/ping.ts";
import { provisionPage } from "./code-pages/provision.ts";
import { resolveRecipientsPage } from "./code-pages/resolve-recipients.ts";
import { rightsManagementPage } from "./code-pages/rights-management.ts";
import { searchPage } from "./code-pages/search.ts";
import { settingsPage } from "./code-pages/settings.ts";
import { tasksPage } from "./code-pages/tasks.ts";
import { validateCertPage } from "./code-pages/validate-cert.ts";
import type { CodePage } from "./vocabulary.ts";

/** All 26 code pages, each at its number (MS-ASWBXML 2.1.2.1). */
export const codePages: readonly CodePage[] = [
  airSyncPage,
  contactsPage,
  emailPage,
  airNotifyPage,
  calendarPage,
  movePage,
  getItemEstimatePage,
  folderHierarchyPage,
  meetingResponsePage,
  tasksPage,
  resolveRecipientsPage,
  validateCertPage,
  contacts2Page,
  pingPage,
  provisionPage,
  searchPage,
  galPage,
  airSyncBasePage,
  settingsPage,
  documentLibraryPage,
  itemOperationsPage,
  composeMailPage,
  email2Page,
  notesPage,
  rightsManagementPage,
  findPage,
];
