/** Secrets at rest: AES-256-GCM under a key that is made from the operator's words. */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";

const cipher = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** Of our own: the words are the operator's alone, and a key for each of them is what is wanted. */
const salt = "eastgate sealed 1";

/** Seals texts and opens them again. */
export class Seal {
  readonly #key: Buffer;

  constructor(words: string) {
    this.#key = scryptSync(words, salt, keyBytes);
  }

  /** `purpose` is bound to the text: what is sealed for one place opens at no other. */
  seal(text: string, purpose: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, this.#key, nonce).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([sealing.update(text, "utf8"), sealing.final()]);
    return Buffer.concat([nonce, sealing.getAuthTag(), sealed]);
  }

  /** The text; undefined when it was sealed with other words, for another purpose, or is damaged. */
  open(sealed: Buffer, purpose: string): string | undefined {
    const bodyAt = nonceBytes + tagBytes;
    if (sealed.length < bodyAt) return undefined;
    const opening = createDecipheriv(cipher, this.#key, sealed.subarray(0, nonceBytes));
    opening.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(nonceBytes, bodyAt));
    try {
      return Buffer.concat([opening.update(sealed.subarray(bodyAt)), opening.final()]).toString();
    } catch {
      // The tag does not fit; GCM knows no other failure.
      return undefined;
    }
  }
}
