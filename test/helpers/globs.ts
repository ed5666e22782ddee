/** Random globs, and paths that they may match. */

import { generator } from "./random.ts";

/** The parts of random globs. */
const PARTS = [
  ..."abc1./*?-!]^",
  ...[
    "*",
    "**",
    "/",
    "**/",
    "/**",
    "/**/",
    "\\*",
    "\\/",
    "\\[",
    "[",
    "[a",
    "[ab]",
    "[!a]",
    "[^]b]",
  ],
  ...["[a-c]", "[b-]", "[c-a]", "[/]", "[\\]a]", "[[:alpha:]]", "[[:digit:]-]", "[[:nothing:]a]"],
];
const CHARACTERS = "aabbc1./-!*[]\\";

/** A source of random globs and paths. */
export interface Globs {
  /** A glob without braces. */
  glob(): string;
  /** A relative path that the glob is likely to match. */
  path(glob: string): string;
  /** A random element. */
  pick<T>(choices: ArrayLike<T>): T;
}

/** A source whose results depend on the seed only. */
export function globs(seed: number): Globs {
  const random = generator(seed);
  const pick = <T>(choices: ArrayLike<T>): T => choices[Math.floor(random() * choices.length)];
  const text = (choices: ArrayLike<string>, most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(choices)).join("");
  const path = (glob: string): string => {
    const like = glob.replace(/\\(.)|\[[^\]]+\]|\*+|\?/gs, (found, escaped) => {
      if (escaped !== undefined) return escaped;
      return found.startsWith("*") ? pick(["", "a", "bc", ".b", "a/b"]) : pick("abc1");
    });
    const parts = (random() < 0.5 ? like : text(CHARACTERS, 7)).split("/");
    return parts.filter((part) => !/^\.*$/.test(part)).join("/") || path(glob);
  };
  return { glob: () => text(PARTS, 6), path, pick };
}
