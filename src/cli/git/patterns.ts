/**
 * `Patterns`: the lines of a file that gitignore(5) describes.
 *
 * Git matches bytes: `?` is one byte. So the texts here have one character per byte.
 *
 * @module
 */

import { Glob } from "../../watch/glob.ts";

/** A line that ignores entries; or takes that back, if it is negated. */
interface Pattern {
  readonly glob: Glob;
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  /** Whether it matches the name of an entry, instead of its path below the directory of the file. */
  readonly byName: boolean;
}

/** The patterns of one file. */
export class Patterns {
  readonly #patterns: readonly Pattern[];

  /** @param content of the file, with one character per byte */
  constructor(content: string) {
    this.#patterns = content.replace(BOM, "").split("\n").flatMap(parse);
  }

  /**
   * Whether the last pattern that matches an entry ignores it.
   *
   * @param path with one character per byte
   * @param from where in it the path below the directory of the file begins
   * @returns `undefined` if none matches
   */
  decide(path: string, from: number, isDirectory: boolean): boolean | undefined {
    const name = path.lastIndexOf("/") + 1;
    const last = this.#patterns.findLast(({ glob, directoriesOnly, byName }) =>
      (isDirectory || !directoriesOnly) && glob.matches(path, byName ? name : from)
    );
    return last && !last.negated;
  }
}

/** U+FEFF, byte by byte. */
const BOM = /^\xef\xbb\xbf/;

/** @returns the pattern of a line, or nothing */
function parse(line: string): Pattern[] {
  if (line.startsWith("#")) return [];
  // Git ignores what follows a NUL byte.
  const [, not, body, slash] = /^(!?)(.*?)(\/?)$/s.exec(trim(line.replace(/\r$|\0.*/s, "")))!;
  if (body === "") return [];
  try {
    return [{
      glob: new Glob(body.replace(/^\//, ""), false),
      negated: not !== "",
      directoriesOnly: slash !== "",
      byName: !body.includes("/"),
    }];
  } catch {
    return []; // an invalid glob matches nothing
  }
}

/** A line without the spaces at its end, except for those after a backslash. */
function trim(line: string): string {
  let end = 0;
  for (let i = 0; i < line.length; i++) {
    const isEscaped = line[i] === "\\";
    if (isEscaped) i++;
    if (isEscaped || line[i] !== " ") end = i + 1;
  }
  return line.slice(0, end);
}
