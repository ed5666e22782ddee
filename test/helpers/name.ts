/** Escapes in the names of scenarios: `\n`, `\u001B` and, for a byte that is not UTF-8, `\xFF`. */

import { Buffer } from "node:buffer";

/** Invisible characters. */
const INVISIBLE = /[\p{Cc}\ufeff]/gu;

/** The name that an escaped text stands for. */
export function unescape(text: string): string {
  return text.replaceAll("\\n", "\n").replace(
    /\\u([0-9A-F]{4})/g,
    (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** A name as one visible line. @param raw its bytes, if it is not UTF-8 */
export function escape(text: string, raw?: Uint8Array): string {
  if (raw !== undefined) {
    return Buffer.from(raw).toString("latin1").replace(
      /[\x80-\xff]/g,
      (byte) => `\\x${hex(byte, 2)}`,
    );
  }
  return text.replaceAll("\n", "\\n").replace(INVISIBLE, (character) => `\\u${hex(character, 4)}`);
}

function hex(character: string, length: number): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(length, "0");
}
