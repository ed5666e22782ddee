/**
 * Lossless text: paths as strings that keep every byte.
 *
 * On Linux a path is bytes. Inside the module it is a string in which a byte that is not UTF-8 is a lone
 * surrogate, U+DC80 to U+DCFF, as in Python's surrogateescape (PEP 383). Such a string can be joined, compared
 * and used as a key; a path that is UTF-8 is its usual string.
 *
 * @module
 */

import type { InotifyEvent } from "./parse.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const ESCAPE = 0xdc00;

/** Bytes as lossless text. */
export function fromBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escape(bytes);
  }
}

/** The name of an event as lossless text. */
export function nameOf(event: InotifyEvent): string {
  return event.rawName === undefined ? event.name : escape(event.rawName);
}

/**
 * A copy of a name that is safe to keep. The parser slices names from the text of a whole read, which a
 * JavaScript engine keeps alive as long as the slice; the copy is a slice of a short string.
 */
export function own(name: string): string {
  return ` ${name}`.slice(1);
}

/** Lossless text as bytes. */
export function toBytes(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code > ESCAPE && code <= ESCAPE + 0xff) bytes.push(code - ESCAPE);
    else bytes.push(...encoder.encode(character));
  }
  return new Uint8Array(bytes);
}

/** Lossless text as bytes, with C's final NUL byte. */
export function cString(text: string): Uint8Array {
  return toBytes(text + "\0");
}

const shared = new Uint8Array(4096);

/** As {@link cString}, in shared memory: valid until the next call, and longer than the text. */
export function sharedCString(text: string): Uint8Array {
  const end = putText(text, shared, 0);
  if (end === undefined) return cString(text);
  shared[end] = 0;
  return shared;
}

/**
 * Writes lossless text as bytes, if it is ASCII and leaves room for one more byte: most names are, and no other way is
 * as fast.
 *
 * @returns where it ends; `undefined` if it was not written
 */
export function putText(text: string, bytes: Uint8Array, at: number): number | undefined {
  const { length } = text;
  if (at + length >= bytes.length) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return undefined;
    bytes[at + i] = code;
  }
  return at + length;
}

/** Lossless text for display: bytes that are not UTF-8 appear as U+FFFD. */
export function toText(text: string): string {
  return text.isWellFormed() ? text : lossy.decode(toBytes(text));
}

/** Decodes valid UTF-8 sequences, and escapes every byte that is not part of one. */
function escape(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes[i]);
    const piece = bytes.subarray(i, i + length);
    try {
      text += strict.decode(piece);
      i += length;
    } catch {
      text += String.fromCharCode(ESCAPE + bytes[i]);
      i++;
    }
  }
  return text;
}

/** The length of the UTF-8 sequence that begins with this byte. */
function sequenceLength(byte: number): number {
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
