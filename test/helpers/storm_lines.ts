/** Storms as text: each line is a change that test/programs/mirror_writer.ts makes. */

import { generator } from "./random.ts";

/** The kinds of changes in a storm. */
export interface Flavour {
  /** The names of the directories in which it happens. */
  readonly tops: readonly string[];
  /** The greatest depth below these. */
  readonly depth: number;
  /**
   * Symbolic links: none, any, or steady ones: to directories with special names (see {@link isTarget}), whose paths no
   * other change affects, not reached through other links; and to files with special names (see {@link isLinkedFile}).
   */
  readonly links: "none" | "any" | "steady";
  readonly hardLinks: boolean;
  /** Whether entries are exchanged (RENAME_EXCHANGE). */
  readonly exchanges: boolean;
  /** Whether a directory is replaced by another one with the same names. */
  readonly swaps: boolean;
  /** Whether files are kept open and written later. */
  readonly held: boolean;
  /** Paths that are removed, moved away and created again as a whole. */
  readonly whole: readonly string[];
  /** Paths at which links, files and directories take turns. */
  readonly relinked: readonly string[];
  /** Whether file systems are mounted; see {@link isMountChange}. */
  readonly mounts: boolean;
  /** Whether the writer pauses now and then. */
  readonly pauses: boolean;
}

/** The directory outside of all roots. */
export const OUTSIDE = "o";

/** Whether steady links may lead to a path: no link is created there. */
export function isTarget(path: string): boolean {
  return /(^|\/)[LF]\d$/.test(path);
}

/** Whether a path is, or goes through, one that links to files may lead to: no directory is created there. */
export function isLinkedFile(path: string): boolean {
  return /(^|\/)F\d(\/|$)/.test(path);
}

/**
 * Whether a change mounts or unmounts something. The reader has to notice each before the next one: of a mount that
 * comes and goes unseen nothing is reported.
 */
export function isMountChange(line: string): boolean {
  return /^(mount|bind|rbind|remount|umount) /.test(line);
}

/** The number of recent paths that are used again. */
const RECENT = 16;

/** Generates a storm. @param first the number of the first change; it makes written bytes unique */
export function stormLines(
  seed: number,
  count: number,
  flavour: Flavour,
  first: number = 0,
): string[] {
  const random = generator(seed * 7919 + first);
  const below = (n: number) => Math.floor(random() * n);
  const one = <T>(list: readonly T[]): T => list[below(list.length)];
  const isSteady = flavour.links === "steady";
  const names = ["a", "b", "c", "d", "a", "b", "c", "d", "é", "a.tmp", "gen"];
  if (isSteady) names.push("L0", "L1", "F0", "F1");
  const name = () => one(names);
  const recent: string[] = [];
  const inside = () => {
    const path = recent.length > 0 && random() < 0.4
      ? [one(recent), ...random() < 0.3 ? [name()] : []]
      : [one(flavour.tops), ...Array.from({ length: 1 + below(flavour.depth) }, name)];
    recent.push(path.join("/"));
    return recent.splice(0, recent.length - RECENT), recent.at(-1)!;
  };
  const outside = () =>
    `${OUTSIDE}/${one(["k0", "k1", "k2", isSteady ? one(["L0", "F0", "F1"]) : "k3", name()])}`;
  const path = () => random() < 0.12 ? outside() : inside();
  const near = (other: string) => `${other.slice(0, other.lastIndexOf("/"))}/${name()}`;
  let number = first;
  /** Bytes that no other change writes, all of the same length. */
  const token = () => String(number).padStart(6, "0");
  const text = () => random() < 0.2 ? `${token()}*${1 + below(1000)}` : token();
  const target = () => {
    if (!isSteady) return one([`@o/k${below(4)}`, name(), "..", `../${name()}`, `@${inside()}`]);
    const file = `F${below(2)}`;
    if (random() < 0.5) {
      return one([`@o/${file}`, `@${one(flavour.tops)}/${file}`, file, `../${file}`]);
    }
    const directory = `L${below(2)}`;
    return one([
      `@o/${directory}`,
      `@${one(flavour.tops)}/${directory}`,
      directory,
      `../${directory}`,
      `@${flavour.tops[0]}`,
    ]);
  };

  const changes: [weight: number, change: () => string][] = [
    [4, () => `mkdir ${inside()}`],
    [1, () => `mkdir ${outside()}`],
    [6, () => `write ${path()} ${text()}`],
    [4, () => `append ${path()} ${text()}`],
    [4, () => `patch ${path()} ${token()}`],
    [2, () => `same ${path()} ${token()}`],
    [2, () => `cut ${path()} ${below(8)}`],
    [5, () => `save ${inside()} ${text()}`],
    [2, () => `backup ${inside()} ${text()}`],
    [3, () => `fill ${inside()} ${text()}`],
    [3, () => `rm ${path()}`],
    [3, () => `unlink ${path()}`],
    [1, () => `rmdir ${path()}`],
    [4, () => `mv ${inside()} ${inside()}`],
    [3, () => {
      const from = inside();
      return `mv ${from} ${near(from)}`;
    }],
    [2, () => `mv ${inside()} ${outside()}`],
    [2, () => `mv ${outside()} ${inside()}`],
    [3, () => `over ${path()} ${inside()}`],
    [1, () => `chmod ${path()} ${one(["600", "644", "755"])}`],
    [1, () => `touch ${path()} ${below(2_000_000_000)}`],
  ];
  if (flavour.links !== "none") {
    changes.push([3, () => `symlink ${target()} ${inside()}`], [
      2,
      () => `relink ${target()} ${inside()}`,
    ]);
  }
  if (isSteady) {
    const linked = () => `${one([OUTSIDE, ...flavour.tops])}/F${below(2)}`;
    changes.push(
      [6, () => `${one(["append", "patch", "save", "write"])} ${linked()} ${text()}`],
      [3, () => `${one(["over", "mv"])} ${path()} ${linked()}`],
      [1, () => `rm ${linked()}`],
    );
  }
  if (flavour.hardLinks) changes.push([4, () => `ln ${inside()} ${inside()}`]);
  if (flavour.exchanges) changes.push([4, () => `exchange ${path()} ${path()}`]);
  if (flavour.swaps) {
    changes.push([
      4,
      () =>
        `swap ${
          one(["over", "out", "keep", flavour.exchanges ? "exchange" : "over"])
        } ${inside()} ${token()}`,
    ]);
  }
  if (flavour.held) {
    changes.push(
      [3, () => `open ${below(3)} ${inside()}`],
      [4, () => `put ${below(3)} ${text()}`],
      [
        1,
        () => `close ${below(3)}`,
      ],
      [1, () => `hold ${inside()}`],
      [1, () => "let"],
    );
  }
  for (const whole of flavour.whole) {
    changes.push(
      [0.3, () => `rm ${whole}`],
      [0.3, () => `mv ${whole} ${outside()}`],
      [
        0.3,
        () => `mv ${outside()} ${whole}`,
      ],
      [1, () => `mkdir ${whole}`],
      [0.3, () => `swap ${one(["over", "out"])} ${whole} ${token()}`],
    );
  }
  for (const path of flavour.relinked) {
    changes.push(
      [3, () => `relink ${target()} ${path}`],
      [1, () => `symlink ${target()} ${path}`],
      [1, () => `save ${path} ${text()}`],
      [1, () => `mkdir ${path}`],
      [1, () => `rm ${path}`],
      [1, () => `mv ${path} ${outside()}`],
      [1, () => `over ${path} ${inside()}`],
      [1, () => `over ${outside()} ${path}`],
    );
  }
  if (flavour.mounts) {
    const place = () => random() < 0.1 ? one(flavour.tops) : inside();
    changes.push(
      [7, () => `mount ${place()} ${token()}`],
      [5, () => `${one(["bind", "rbind"])} ${path()} ${place()}`],
      [4, () => `remount ${below(8)} ${place()}`],
      [12, () => `umount ${below(8)} ${one(["now", "lazily"])}`],
    );
  }
  if (flavour.pauses) changes.push([2, () => `pause ${below(8)}`]);

  const total = changes.reduce((sum, [weight]) => sum + weight, 0);
  const lines: string[] = [];
  for (; number < first + count; number++) {
    let at = random() * total;
    lines.push(changes.find(([weight]) => (at -= weight) < 0)![1]());
  }
  return lines;
}
