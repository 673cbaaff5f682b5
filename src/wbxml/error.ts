/** Bytes that are no WBXML (MS-ASCMD 2.2.4: InvalidWBXML). */
export const INVALID_WBXML = 102;
/** WBXML that does not follow the protocol (MS-ASCMD 2.2.4: InvalidXML). */
export const INVALID_XML = 103;

/** Why bytes could not be decoded: the Status to answer, and where the fault is. */
export class WbxmlError extends Error {
  override readonly name = "WbxmlError";
  /** 102, 103, or the command's own Status for the element that is missing. */
  readonly status: number;
  /** Element names from the root on, with `/` between. */
  readonly path: string;

  constructor(status: number, path: string, fault: string) {
    super(path === "" ? fault : `${path}: ${fault}`);
    this.status = status;
    this.path = path;
  }
}

/** Elements that stand in another order than the protocol has them in. */
export class OutOfOrder extends WbxmlError {}
