/** Parts of a multipart answer (MS-ASCMD 2.2.1.10.1). */
import { octetsOf, type Octets } from "../../kit/octets.ts";

/** Bodies and attachments that go beside the XML, numbered from 1: part 0 is the XML itself. */
export class Parts {
  readonly bytes: (Buffer | Octets)[] = [];
  octets = 0;

  add(bytes: Buffer | Octets): number {
    this.octets += octetsOf(bytes).sizeBytes;
    return this.bytes.push(bytes);
  }
}
