/**
 * `printable()`: text that a terminal shows and does not obey. A file name may hold any byte but "/" and NUL.
 *
 * @module
 */

/** Escapes control characters and those that change the direction of text, as JSON does. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
