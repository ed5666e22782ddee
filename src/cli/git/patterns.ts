/**
 * Patterns of gitignore(5), line by line.
 *
 * To git a path is bytes, and `?` is one of them: so is a character of the texts here.
 *
 * @module
 */

import { Glob } from "../../watch/glob.ts";

/** A line that ignores something, or has something not ignored. */
interface Pattern {
  readonly glob: Glob;
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  /** Whether it is for a name, and not for the path below the directory of the file. */
  readonly byName: boolean;
}

/** The patterns of one file. */
export class Patterns {
  readonly #patterns: readonly Pattern[];

  /** @param content of the file, with a character for each byte */
  constructor(content: string) {
    this.#patterns = content.replace(BOM, "").split("\n").flatMap(parse);
  }

  /**
   * Whether the last one that matches an entry has it ignored; `undefined` if none does.
   *
   * @param path with a character for each byte
   * @param from where the path below the directory of the file begins
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

/** @returns the pattern of a line, if it has one */
function parse(line: string): Pattern[] {
  if (line.startsWith("#")) return [];
  // What follows a NUL byte git does not see.
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
    return []; // it matches nothing
  }
}

/** A line without the spaces at its end, unless a backslash is before them. */
function trim(line: string): string {
  let end = 0;
  for (let i = 0; i < line.length; i++) {
    const isEscaped = line[i] === "\\";
    if (isEscaped) i++;
    if (isEscaped || line[i] !== " ") end = i + 1;
  }
  return line.slice(0, end);
}
