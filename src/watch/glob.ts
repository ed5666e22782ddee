/**
 * Globs by the rules of git's wildmatch, as gitignore(5) has them: for `ignore`, and for what git ignores.
 *
 * It is an engine of our own since no other does. That of node:path differs between the three runtimes.
 * picomatch, minimatch and @std/path have the rules of shells, by which `*` passes over a leading dot;
 * the package named ignore has those of git, but takes neither absolute paths nor bytes. All of them
 * make a RegExp of a glob, and that backtracks: here a match takes as many steps at most as the glob and
 * the text have characters, multiplied. And the module depends on nothing.
 *
 * @module
 */

/** What a glob is made of: a character, by its code point; a class; or one of the following. */
type Token = number | Class;
/** `?`: a character. */
const ANY = -1;
/** `*`: any number of characters. */
const STAR = -2;
/** `**` and the slash after it: any number of directories. */
const DIRECTORIES = -3;
/** `**` at the end: all that is left. */
const REST = -4;

/** No other token is for it. */
const SLASH = 0x2f;

/** One character of several, or one that is none of them. */
interface Class {
  readonly ranges: readonly Range[];
  readonly negated: boolean;
}

/** The first code point, and the last. */
type Range = readonly [number, number];

/** A glob that is ready to be matched. */
export class Glob {
  /** What it begins with, up to the first token that is no character. */
  readonly #literal: string;
  readonly #tokens: readonly Token[];
  /** What it ends with, after the last such token: most texts end otherwise. */
  readonly #end: string;

  /**
   * @param glob without braces, which mean nothing here
   * @param lenient whether a `[` or a `\` that nothing ends is itself, as it is to a shell
   * @throws {TypeError} if there is such a one and that is not so, or a class that does not exist: git
   * takes neither for an error, but has the glob match nothing
   */
  constructor(glob: string, lenient: boolean) {
    // As git does it: what follows is a glob by itself, so in "a**/b" the stars stand at the beginning.
    this.#literal = /^[^*?[\\]*/.exec(glob)![0];
    this.#tokens = tokensOf([...glob.slice(this.#literal.length)], lenient);
    const last = this.#tokens.findLastIndex((token) => typeof token !== "number" || token < 0);
    this.#end = String.fromCodePoint(...this.#tokens.slice(last + 1) as number[]);
  }

  /** Whether it matches a text from a position on. */
  matches(text: string, from: number): boolean {
    if (!text.endsWith(this.#end) || !text.startsWith(this.#literal, from)) return false;
    const tokens = this.#tokens;
    let at = 0;
    let position = from + this.#literal.length;
    // Where to go on after a mismatch: one character further in the last "*", or else one directory
    // further in the last "**". Those before need not be tried: the last one takes whatever they would.
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
      if (token === undefined ? character === undefined : isFor(token, character)) {
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

function isFor(token: Token, character: number | undefined): boolean {
  if (token === character) return true;
  if (character === undefined || character === SLASH) return false;
  if (typeof token === "number") return token === ANY;
  const isIn = token.ranges.some(([first, last]) => first <= character && character <= last);
  return isIn !== token.negated;
}

/** How many code units a character takes. */
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
      throw new TypeError(`nothing ends its ${JSON.stringify(glob[i])}`);
    } else tokens.push(code(glob[i]));
  }
  return tokens;
}

/** What begins with a star. @returns with the index of its last character */
function starsAt(glob: readonly string[], first: number): { tokens: Token[]; end: number } {
  let end = first;
  while (glob[end + 1] === "*") end++;
  const isFirst = first === 0 || glob[first - 1] === "/";
  const next = glob.slice(end + 1, end + 3).join("");
  if (!isFirst || end === first) return { tokens: [STAR], end };
  if (next === "") return { tokens: [REST], end };
  if (next.startsWith("/")) return { tokens: [DIRECTORIES], end: end + 1 };
  // To git that slash is one like any other, so it stays: there is a directory at least.
  if (next === "\\/") return { tokens: [STAR, SLASH, DIRECTORIES], end: end + 2 };
  return { tokens: [STAR], end };
}

/** The class that begins with a `[`. @returns with the index of its `]`; `undefined` if there is none */
function classAt(glob: readonly string[], open: number): Class & { end: number } | undefined {
  const negated = glob[open + 1] === "!" || glob[open + 1] === "^";
  const ranges: Range[] = [];
  /** What a "-" makes a range of. */
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

/** The classes that have a name, by the first and the last character of each range. */
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
