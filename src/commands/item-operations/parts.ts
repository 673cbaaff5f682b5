/** Parts of a multipart answer (MS-ASCMD 2.2.1.10.1). */

/** Bodies and attachments that go beside the XML, numbered from 1: part 0 is the XML itself. */
export class Parts {
  readonly bytes: Buffer[] = [];
  octets = 0;

  add(bytes: Buffer): number {
    this.octets += bytes.length;
    return this.bytes.push(bytes);
  }
}
