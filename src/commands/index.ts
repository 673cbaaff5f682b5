/** The commands that this server handles; the OPTIONS header is made from this registry. */
import type { Handlers } from "./context.ts";
import { handleFind } from "./find/handle.ts";
import { handleFolderCreate } from "./folder-create.ts";
import { handleFolderDelete } from "./folder-delete.ts";
import { handleFolderSync } from "./folder-sync.ts";
import { handleFolderUpdate } from "./folder-update.ts";
import { handleGetAttachment } from "./get-attachment.ts";
import { handleGetHierarchy } from "./get-hierarchy.ts";
import { handleGetItemEstimate } from "./get-item-estimate.ts";
import { handleItemOperations } from "./item-operations/handle.ts";
import { handleMoveItems } from "./move-items.ts";
import { handlePing } from "./ping.ts";
import { handleProvision } from "./provision.ts";
import { handleSendMail } from "./send-mail.ts";
import { handleResolveRecipients } from "./resolve-recipients.ts";
import { handleSearch } from "./search/handle.ts";
import { handleSettings } from "./settings/handle.ts";
import { handleSmartForward, handleSmartReply } from "./smart.ts";
import { handleSync } from "./sync/handle.ts";
import { handleValidateCert } from "./validate-cert.ts";

/** Handlers by command name. */
export const handlers = {
  Sync: handleSync,
  SendMail: handleSendMail,
  SmartForward: handleSmartForward,
  SmartReply: handleSmartReply,
  GetAttachment: handleGetAttachment,
  GetHierarchy: handleGetHierarchy,
  FolderSync: handleFolderSync,
  FolderCreate: handleFolderCreate,
  FolderDelete: handleFolderDelete,
  FolderUpdate: handleFolderUpdate,
  MoveItems: handleMoveItems,
  GetItemEstimate: handleGetItemEstimate,
  Search: handleSearch,
  Settings: handleSettings,
  Ping: handlePing,
  ItemOperations: handleItemOperations,
  Provision: handleProvision,
  ResolveRecipients: handleResolveRecipients,
  ValidateCert: handleValidateCert,
  Find: handleFind,
} satisfies Handlers;
