/**
 * `Glob`: a pattern by the rules of git's wildmatch (gitignore(5)), for `ignore` and for git's own files.
 *
 * It is an implementation of our own because no other fits. That of node:path differs between the runtimes.
 * picomatch, minimatch and @std/path follow shells, whose `*` does not match a leading dot. The package named
 * ignore follows git, but takes neither absolute paths nor bytes. All of them compile to a RegExp, which
 * backtracks; here the number of steps is at most the length of the glob times that of the text.
 *
 * @module
 */

/** A character by its code point, a class, or one of the negative numbers below. */
type Token = number | Class;
/** `?`: one character. */
const ANY = -1;
/** `*`: any number of characters. */
const STAR = -2;
/** `**` followed by a slash: any number of directories. */
const DIRECTORIES = -3;
/** `**` at the end: the rest of the text. */
const REST = -4;

/** Matched only by itself. */
const SLASH = 0x2f;

/** `[a-z]` or `[!a-z]`: one character in the ranges, or outside of them. */
interface Class {
  readonly ranges: readonly Range[];
  readonly negated: boolean;
}

/** The first code point, and the last. */
type Range = readonly [number, number];

/** A compiled glob. */
export class Glob {
  /** The literal characters at its beginning. */
  readonly #literal: string;
  readonly #tokens: readonly Token[];
  /** The literal characters at its end, compared first: most texts end with others. */
  readonly #end: string;

  /**
   * @param glob braces in it are literal
   * @param lenient whether an unclosed `[` and a `\` at the end are literal, as in a shell
   * @throws {TypeError} for those if not `lenient`, and for an unknown class such as `[:word:]`. For git these are
   * no errors: the glob matches nothing.
   */
  constructor(glob: string, lenient: boolean) {
    // As in git, the rest is a glob by itself: in "a**/b" the stars count as being at the beginning.
    this.#literal = /^[^*?[\\]*/.exec(glob)![0];
    this.#tokens = tokensOf([...glob.slice(this.#literal.length)], lenient);
    const last = this.#tokens.findLastIndex((token) => typeof token !== "number" || token < 0);
    this.#end = String.fromCodePoint(...this.#tokens.slice(last + 1) as number[]);
  }

  /** Whether the glob matches the text from an index to its end. */
  matches(text: string, from: number): boolean {
    if (!text.endsWith(this.#end) || !text.startsWith(this.#literal, from)) return false;
    const tokens = this.#tokens;
    let at = 0;
    let position = from + this.#literal.length;
    // Where to continue after a mismatch: the last "*" takes one character more, or else the last "**" one
    // directory more. Earlier ones need no retry: the last one can take whatever they would.
    let afterStar = -1;
    let starEnd = 0;
    let afterDirectories = -1;
    let directoriesEnd = 0;
    for (;;) {
      const token = tokens[at];
      if (token === REST) return true;
      if (token === STAR) {
        afterStar = ++at;
        starEnd = position;
        continue;
      }
      if (token === DIRECTORIES) {
        afterDirectories = ++at;
        directoriesEnd = position;
        afterStar = -1;
        continue;
      }
      const character = text.codePointAt(position);
      if (token === undefined ? character === undefined : matchesOne(token, character)) {
        if (token === undefined) return true;
        if (token === SLASH) afterStar = -1;
        at++;
        position += width(character!);
        continue;
      }
      const skipped = afterStar === -1 ? undefined : text.codePointAt(starEnd);
      if (skipped !== undefined && skipped !== SLASH) {
        at = afterStar;
        position = starEnd += width(skipped);
        continue;
      }
      const slash = afterDirectories === -1 ? -1 : text.indexOf("/", directoriesEnd);
      if (slash === -1) return false;
      at = afterDirectories;
      position = directoriesEnd = slash + 1;
      afterStar = -1;
    }
  }
}

function matchesOne(token: Token, character: number | undefined): boolean {
  if (token === character) return true;
  if (character === undefined || character === SLASH) return false;
  if (typeof token === "number") return token === ANY;
  const isIn = token.ranges.some(([first, last]) => first <= character && character <= last);
  return isIn !== token.negated;
}

/** The number of UTF-16 code units of a character. */
function width(character: number): number {
  return character > 0xffff ? 2 : 1;
}

function tokensOf(glob: readonly string[], lenient: boolean): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < glob.length; i++) {
    const found = glob[i] === "[" ? classAt(glob, i) : undefined;
    if (found !== undefined) {
      tokens.push(found);
      i = found.end;
    } else if (glob[i] === "*") {
      const stars = starsAt(glob, i);
      tokens.push(...stars.tokens);
      i = stars.end;
    } else if (glob[i] === "?") {
      tokens.push(ANY);
    } else if (glob[i] === "\\" && i + 1 < glob.length) {
      tokens.push(code(glob[++i]));
    } else if ((glob[i] === "[" || glob[i] === "\\") && !lenient) {
      throw new TypeError(`its ${JSON.stringify(glob[i])} is incomplete`);
    } else tokens.push(code(glob[i]));
  }
  return tokens;
}

/** Parses one or more stars. @returns their tokens, and the index of the last character used */
function starsAt(glob: readonly string[], first: number): { tokens: Token[]; end: number } {
  let end = first;
  while (glob[end + 1] === "*") end++;
  const isFirst = first === 0 || glob[first - 1] === "/";
  const next = glob.slice(end + 1, end + 3).join("");
  if (!isFirst || end === first) return { tokens: [STAR], end };
  if (next === "") return { tokens: [REST], end };
  if (next.startsWith("/")) return { tokens: [DIRECTORIES], end: end + 1 };
  // An escaped slash is literal to git, so there is at least one directory.
  if (next === "\\/") return { tokens: [STAR, SLASH, DIRECTORIES], end: end + 2 };
  return { tokens: [STAR], end };
}

/** Parses the class that a `[` opens. @returns the class and the index of its `]`; `undefined` without one */
function classAt(glob: readonly string[], open: number): Class & { end: number } | undefined {
  const negated = glob[open + 1] === "!" || glob[open + 1] === "^";
  const ranges: Range[] = [];
  /** The character that a "-" would make the first of a range. */
  let first: number | undefined;
  let i = open + (negated ? 2 : 1);
  do {
    if (glob[i] === "[" && glob[i + 1] === ":") {
      const end = glob.indexOf("]", i + 2);
      if (end > i + 2 && glob[end - 1] === ":") {
        ranges.push(...named(glob.slice(i + 2, end - 1).join("")));
        first = undefined;
        i = end;
        continue;
      }
    }
    const isRange = glob[i] === "-" && first !== undefined && glob[i + 1] !== "]";
    if (isRange) i++;
    if (glob[i] === "\\") i++;
    if (i >= glob.length) return undefined;
    const last = code(glob[i]);
    ranges.push([isRange ? first! : last, last]);
    first = isRange ? undefined : last;
  } while (glob[++i] !== "]");
  return { ranges, negated, end: i };
}

/** Named classes: the first and last character of each range. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["alnum", "09AZaz"],
  ["alpha", "AZaz"],
  ["blank", "\t\t  "],
  ["cntrl", "\0\x1f\x7f\x7f"],
  ["digit", "09"],
  ["graph", "!~"],
  ["lower", "az"],
  ["print", " ~"],
  ["punct", "!/:@[`{~"],
  ["space", "\t\n\r\r  "],
  ["upper", "AZ"],
  ["xdigit", "09AFaf"],
]);

function named(name: string): Range[] {
  const ends = NAMED.get(name);
  if (ends === undefined) throw new TypeError(`there is no class [:${name}:]`);
  return (ends.match(/[^]{2}/g) ?? []).map((pair) => [code(pair[0]), code(pair[1])]);
}

function code(character: string): number {
  return character.codePointAt(0)!;
}
