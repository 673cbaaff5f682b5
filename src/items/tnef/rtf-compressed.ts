/** Compressed RTF (MS-OXRTFCP): LZ77 over a window that starts with common words. */
import { maxRtfBytes } from "./limits.ts";

const windowBytes = 4096;
const headBytes = 16;
const compressed = 0x75465a4c;
const plain = 0x414c454d;

const dictionary = Buffer.from(
  "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
    "\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par " +
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx",
  "latin1",
);

/** The RTF; undefined for what is none. A stream that breaks off gives what came before. */
export function decompressRtf(bytes: Buffer): Buffer | undefined {
  if (bytes.length < headBytes) return undefined;
  const kind = bytes.readUInt32LE(8);
  const rawBytes = Math.min(bytes.readUInt32LE(4), maxRtfBytes);
  if (kind === plain) return bytes.subarray(headBytes, headBytes + rawBytes);
  return kind === compressed ? expanded(bytes.subarray(headBytes), rawBytes) : undefined;
}

function expanded(bytes: Buffer, rawBytes: number): Buffer {
  const window = Buffer.alloc(windowBytes);
  dictionary.copy(window);
  const out = Buffer.alloc(rawBytes);
  const state = { at: 0, length: 0, write: dictionary.length };
  const put = (byte: number): void => {
    if (state.length < rawBytes) out[state.length++] = byte;
    window[state.write] = byte;
    state.write = (state.write + 1) % windowBytes;
  };
  while (state.at < bytes.length && state.length < rawBytes) {
    const flags = bytes[state.at++] ?? 0;
    for (let bit = 0; bit < 8 && state.at < bytes.length; bit++) {
      if (((flags >> bit) & 1) === 0) put(bytes[state.at++] ?? 0);
      else if (!copy(bytes, state, { window, put })) return out.subarray(0, state.length);
    }
  }
  return out.subarray(0, state.length);
}

/** A reference: 12 bits of where, 4 of how long; one to the place of writing is the end. */
function copy(
  bytes: Buffer,
  state: { at: number; write: number },
  { window, put }: { readonly window: Buffer; readonly put: (byte: number) => void },
): boolean {
  if (state.at + 1 >= bytes.length) return false;
  const reference = bytes.readUInt16BE(state.at);
  state.at += 2;
  const from = reference >> 4;
  if (from === state.write) return false;
  for (let index = 0; index < (reference & 15) + 2; index++) {
    put(window[(from + index) % windowBytes] ?? 0);
  }
  return true;
}
