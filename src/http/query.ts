/** What a query says, in either of its forms (MS-ASHTTP 2.2.1.1.1). */

/** A query that cannot be read: HTTP 400. */
export class InvalidQuery extends Error {
  override name = "InvalidQuery";
}

/** Parameters of the query that commands use (MS-ASHTTP 2.2.1.1.1.1.3 and 2.2.1.1.1.2.5). */
export interface QueryParameters {
  attachmentName?: string;
  collectionId?: string;
  itemId?: string;
  longId?: string;
  parentId?: string;
  occurrence?: string;
  saveInSent: boolean;
  acceptMultiPart: boolean;
}

/** Parameters whose value is a text. */
export type TextParameter = Exclude<keyof QueryParameters, "saveInSent" | "acceptMultiPart">;

/** What a query says. */
export interface Query {
  /** Name of the command, or the number of an unknown one. */
  readonly command: string;
  /** As it was on the wire; bytes of the base64 form. */
  readonly deviceId: string | Uint8Array;
  readonly deviceType: string;
  /** Of the base64 form: "14.1" for 141. */
  readonly version: string | undefined;
  /** Of the base64 form. */
  readonly policyKey: number | undefined;
  readonly parameters: QueryParameters;
}
