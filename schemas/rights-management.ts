import { rightsManagementPage } from "./code-pages/rights-management.ts";
import * as v from "./vocabulary.ts";

/** What the reader of a protected message may do (MS-ASRM 2.2.2.14). */
const rightsManagementLicense = v.struct(rightsManagementPage, {
  Owner: v.boolean,
  ContentOwner: v.text,
  ReplyAllAllowed: v.boolean,
  EditAllowed: v.boolean,
  ReplyAllowed: v.boolean,
  ForwardAllowed: v.boolean,
  ExportAllowed: v.boolean,
  ModifyRecipientsAllowed: v.boolean,
  TemplateID: v.text,
  ExtractAllowed: v.boolean,
  TemplateDescription: v.text,
  ContentExpiryDate: v.dateTime,
  TemplateName: v.text,
  PrintAllowed: v.boolean,
  ProgrammaticAccessAllowed: v.boolean,
});

const rightsManagementTemplate = v.struct(rightsManagementPage, {
  TemplateID: v.text,
  TemplateName: v.text,
  TemplateDescription: v.text,
});

/** The templates that a user may protect a message with (MS-ASRM 2.2.2.17). */
export const rightsManagementTemplates = v.struct(rightsManagementPage, {
  RightsManagementTemplate: v.list(rightsManagementTemplate),
});

/** The licence field of every class. */
export const licenseField = v.from(rightsManagementPage, v.since("14.1", rightsManagementLicense));
