import { codePage, tag } from "../vocabulary.ts";

/** Code page 24: RightsManagement (MS-ASWBXML 2.1.2.1.25). */
export const rightsManagementPage = codePage(24, "RightsManagement", {
  RightsManagementSupport: tag(0x05, "14.1"),
  RightsManagementTemplates: tag(0x06, "14.1"),
  RightsManagementTemplate: tag(0x07, "14.1"),
  RightsManagementLicense: tag(0x08, "14.1"),
  EditAllowed: tag(0x09, "14.1"),
  ReplyAllowed: tag(0x0a, "14.1"),
  ReplyAllAllowed: tag(0x0b, "14.1"),
  ForwardAllowed: tag(0x0c, "14.1"),
  ModifyRecipientsAllowed: tag(0x0d, "14.1"),
  ExtractAllowed: tag(0x0e, "14.1"),
  PrintAllowed: tag(0x0f, "14.1"),
  ExportAllowed: tag(0x10, "14.1"),
  ProgrammaticAccessAllowed: tag(0x11, "14.1"),
  Owner: tag(0x12, "14.1"),
  ContentExpiryDate: tag(0x13, "14.1"),
  TemplateID: tag(0x14, "14.1"),
  TemplateName: tag(0x15, "14.1"),
  TemplateDescription: tag(0x16, "14.1"),
  ContentOwner: tag(0x17, "14.1"),
  RemoveRightsManagementProtection: tag(0x18, "14.1"),
});
