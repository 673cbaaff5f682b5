/** The recipient information cache: this server keeps none, and no device may make, change or delete it. */

/** Its CollectionId (MS-ASCMD 2.2.3.30.6, R2037) and Type (2.2.3.186.3). */
export const recipientInformation = { collectionId: "RI", type: 19 } as const;
