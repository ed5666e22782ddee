/**
 * Text without what a terminal would obey: a name may hold anything but "/" and NUL.
 *
 * @module
 */

/**
 * Text in which control characters, and those that turn the direction of what follows, are written as
 * escapes, which in JSON mean the same characters.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
