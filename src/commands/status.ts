/** The Status values that handlers give to items and collections (MS-ASCMD 2.2.3.177). */

/** Status of Sync (MS-ASCMD 2.2.3.177.17). */
export const syncStatus = {
  success: 1,
  invalidSyncKey: 3,
  protocolError: 4,
  serverError: 5,
  conversionError: 6,
  conflict: 7,
  objectNotFound: 8,
  outOfSpace: 9,
  folderHierarchyChanged: 12,
  requestNotComplete: 13,
  invalidWait: 14,
  tooManyCollections: 15,
} as const;
