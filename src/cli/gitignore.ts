/**
 * What git is told to ignore, by the `.gitignore` files of a repository (gitignore(5)).
 *
 * The user's and the repository's own lists, `core.excludesFile` and `.git/info/exclude`, are not read.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

interface Rule {
  /** Matches paths relative to the directory of the file. */
  readonly pattern: RegExp;
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
}

interface Directory {
  readonly rules: readonly Rule[];
  readonly isRoot: boolean;
}

/**
 * A function that says of an entry whether it is ignored: where the entry is in a repository, by its
 * files from the directory of the entry up to the root, of which the nearest one with something to say
 * decides; and `.git` itself. Each file is read once, when it is first needed.
 */
export function gitignore(): (path: string, isDirectory: boolean) => boolean {
  const directories = new Map<string, Directory>();
  return (path, isDirectory) => {
    if (basename(path) === ".git") return true;
    let decision: Rule | undefined;
    for (let directory = dirname(path);; directory = dirname(directory)) {
      let found = directories.get(directory);
      if (found === undefined) directories.set(directory, found = look(directory));
      const below = path.slice(directory === "/" ? 1 : directory.length + 1);
      decision ??= found.rules.findLast(({ pattern, directoriesOnly }) =>
        (isDirectory || !directoriesOnly) && pattern.test(below)
      );
      if (found.isRoot) return decision !== undefined && !decision.negated;
      if (directory === "/") return false;
    }
  };
}

function look(directory: string): Directory {
  const file = join(directory, ".gitignore");
  return {
    rules: existsSync(file) ? readFileSync(file, "utf8").split("\n").flatMap(parse) : [],
    isRoot: existsSync(join(directory, ".git")),
  };
}

/** @returns the rule of a line, if it has one */
function parse(line: string): Rule[] {
  const [, not, glob, slash] = /^(!?)(.*?)(\/?)$/.exec(line.replace(/(?<!\\) +$/, ""))!;
  const pattern = line.startsWith("#") || glob === "" ? undefined : toRegExp(glob);
  return pattern ? [{ pattern, negated: not !== "", directoriesOnly: slash !== "" }] : [];
}

/** What a pattern is made of. One that begins a class or an escape and does not end it is none. */
const TOKENS =
  /(?<above>^\*\*\/|\/\*\*\/)|(?<below>\/\*\*$)|(?<star>\*+)|(?<any>\?)|\[(?<not>[!^]?)(?<set>\]?(?:\\.|\[:\w+:\]|[^\]\\])*)\]|\\(?<escaped>.)|(?<char>[^[\\])|(?<bad>.)/gsu;

function toRegExp(glob: string): RegExp | undefined {
  const anchored = glob.includes("/");
  let source = anchored ? "" : "(?:.*/)?";
  for (const { groups } of glob.replace(/^\//, "").matchAll(TOKENS)) {
    const { above, below, star, any, not, set, escaped, char, bad } = groups!;
    if (bad !== undefined) return undefined;
    else if (above !== undefined) source += above.startsWith("/") ? "/(?:.*/)?" : "(?:.*/)?";
    else if (below !== undefined) source += "/.+";
    else if (star !== undefined) source += "[^/]*";
    else if (any !== undefined) source += "[^/]";
    else if (set !== undefined) source += `(?!/)[${not && "^"}${classOf(set)}]`;
    else source += (escaped ?? char).replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return undefined; // a range that ends before it begins
  }
}

/** The classes of characters by name (glob(7)). */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

function classOf(set: string): string {
  return set.replace(/\[:(\w+):\]|\\(.)|([[\]^&|~{}()/])/gsu, (_, name, escaped, special) => {
    if (name !== undefined) return CLASSES[name] ?? "\\p{none}"; // no class: no pattern
    const character: string = escaped ?? special;
    return /[\\^\-[\]{}()|/]/.test(character) ? `\\${character}` : character;
  });
}
