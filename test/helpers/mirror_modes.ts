/** The modes of a mirror storm: what is watched, how events are consumed, and which events are lost. */

import type { WatchKind, WatchOptions } from "../../mod.ts";
import { generator } from "./random.ts";
import type { Flavour } from "./storm_lines.ts";

/** How a loop takes events. */
export interface Pace {
  readonly batches: boolean;
  /** After so many events, the loop pauses; 0 for never. */
  readonly every: number;
  /** In milliseconds. */
  readonly pause: number;
}

/** The options and loops of a watcher. */
export interface Watching {
  /** Relative paths. */
  readonly roots: readonly string[];
  readonly kinds: readonly WatchKind[];
  readonly recursive: boolean | number;
  readonly followSymlinks: boolean | "never";
  readonly initial: boolean;
  readonly blocking: boolean;
  readonly ignore: Ignoring | undefined;
  readonly maxQueue: number;
  readonly loops: readonly Pace[];
}

/** A storm and its watchers. */
export interface Setting {
  readonly flavour: Flavour;
  readonly watchers: readonly Watching[];
  /** After so many changes the writer waits until all mirrors have been compared. */
  readonly burst: number;
  /** For how many milliseconds the event loop is blocked now and then. */
  readonly blocked: number;
  /** Whether enough files are created and removed at once to overflow the kernel's queue. */
  readonly flood: boolean;
  /** Whether the process is stopped (SIGSTOP) during the flood. */
  readonly stopped: boolean;
  /** One in so many reads loses events; 0 for none. */
  readonly losing: number;
  /** Whether roots are removed and added. */
  readonly churn: boolean;
  /** Whether other watchers are opened and closed. */
  readonly others: boolean;
  /** Whether every directory is scanned in small pieces. */
  readonly pieces: boolean;
  /** Whether the storm begins before the watchers. */
  readonly early: boolean;
  /** Whether it runs on a disk, where inode numbers are used again. */
  readonly onDisk: boolean;
}

/** The kinds of rules that a watcher may ignore, or include files, by. */
export type Ignoring =
  | "name"
  | "glob"
  | "path"
  | "regexp"
  | "function"
  | "included name"
  | "included path";

/** The rules of each kind, and a test of which paths relative to a root, and absolute ones, they ignore. */
export const IGNORES: Readonly<
  Record<Ignoring, {
    readonly options: Pick<WatchOptions, "ignore" | "include">;
    readonly test: (path: string, isDirectory: boolean, absolute: string) => boolean;
  }>
> = {
  name: { options: { ignore: ["gen"] }, test: (path) => /(^|\/)gen$/.test(path) },
  glob: { options: { ignore: ["*.tmp"] }, test: (path) => path.endsWith(".tmp") },
  path: {
    options: { ignore: ["a/c", "b/d", "c/a"] },
    test: (path) => ["a/c", "b/d", "c/a"].includes(path),
  },
  regexp: {
    options: { ignore: [/\/c\/gen$|\/d$/] },
    test: (_path, _isDirectory, absolute) => /\/c\/gen$|\/d$/.test(absolute),
  },
  function: {
    options: { ignore: [(path, isDirectory) => isDirectory && path.endsWith("/gen")] },
    test: (path, isDirectory) => isDirectory && /(^|\/)gen$/.test(path),
  },
  "included name": {
    options: { include: ["[ab]", "*.tmp"] },
    test: (path, isDirectory) => !isDirectory && !/(^|\/)([ab]|[^/]*\.tmp)$/.test(path),
  },
  "included path": {
    options: { ignore: "gen", include: ["a/**", "./b", /\/c\/d$/] },
    test: (path, isDirectory, absolute) =>
      /(^|\/)gen$/.test(path) ||
      !isDirectory && !/^a\/|^b$/.test(path) && !/\/c\/d$/.test(absolute),
  },
};

const FAST: Pace = { batches: false, every: 0, pause: 0 };
const SLOW: Pace = { batches: false, every: 20, pause: 8 };
const BATCHES: Pace = { batches: true, every: 0, pause: 0 };

/** The kinds that reading and listing cause. */
const READS: readonly WatchKind[] = ["open", "access", "closeNoWrite"];

const KINDS: readonly WatchKind[] = ["create", "modify", "remove", "rename"];

const WATCHING: Watching = {
  roots: ["t"],
  kinds: KINDS,
  recursive: true,
  followSymlinks: false,
  initial: true,
  blocking: false,
  ignore: undefined,
  maxQueue: 1_000_000,
  loops: [FAST],
};

const FLAVOUR: Flavour = {
  tops: ["t"],
  depth: 3,
  links: "any",
  hardLinks: false,
  exchanges: false,
  swaps: false,
  held: false,
  whole: [],
  relinked: [],
  mounts: false,
  pauses: true,
};

const SETTING: Setting = {
  flavour: FLAVOUR,
  watchers: [WATCHING],
  burst: Infinity,
  blocked: 0,
  flood: false,
  stopped: false,
  losing: 0,
  churn: false,
  others: false,
  pieces: false,
  early: false,
  onDisk: false,
};

type Random = () => number;

/** All modes: each makes a setting from the seed. */
export const MODES: Readonly<Record<string, (seed: number) => Setting>> = {
  plain: drawn((random) => storm(random, {})),
  calm: drawn((random) => ({
    ...storm(random, { loops: [one(random, [FAST, BATCHES])] }),
    burst: 1 + Math.floor(random() * 4),
  })),
  kinds: drawn((random) => storm(random, { kinds: someKinds(random) })),
  complete: drawn((random) => {
    const kinds: WatchKind[] = ["create", "closeWrite", "remove", "rename"];
    if (random() < 0.3) kinds.push(one(random, ["modify", "attrib"]));
    const [roots, followSymlinks] = [someRoots(random, random() < 0.3), random() < 0.1];
    const setting = storm(random, { kinds, roots, followSymlinks });
    const losing = { ...setting, losing: random() < 0.3 ? one(random, [2, 5, 20]) : 0 };
    return followSymlinks ? following(losing) : losing;
  }),
  batches: drawn((random) => storm(random, { loops: [BATCHES] })),
  slow: drawn((random) =>
    storm(random, { loops: [SLOW], maxQueue: one(random, [2, 10, 40, 200]) })
  ),
  blocked: drawn((random) => ({ ...storm(random, { kinds: someKinds(random) }), blocked: 60 })),
  overflow: drawn((random) => ({
    ...storm(random, { kinds: someKinds(random) }),
    flood: true,
    burst: Infinity,
  })),
  stopped: drawn((random) => ({
    ...storm(random, {}),
    flood: true,
    stopped: true,
    burst: Infinity,
  })),
  losing: drawn((random) => ({ ...storm(random, {}), losing: one(random, [2, 5, 20]) })),
  ignore: drawn((random) => storm(random, { ignore: someIgnore(random) })),
  follow: drawn((random) => following(storm(random, { followSymlinks: true }))),
  never: drawn((random) => {
    const roots = one(random, [
      ["t/a"],
      ["t/a", "u/b"],
      ["t/a/b", "t/c"],
      ["t", "t/a"],
      ["t/a/b", "t", "t/c"],
      ["t/a", "t/a/b"],
    ]);
    const losing = random() < 0.2 ? one(random, [2, 5, 20]) : 0;
    const setting = storm(random, {
      roots,
      kinds: losing > 0 ? KINDS : one(random, [KINDS, someKinds(random)]), // see mixed()
      recursive: random() < 0.9,
      followSymlinks: "never",
      loops: [one(random, [FAST, BATCHES, SLOW])],
      maxQueue: one(random, [10, 1_000_000, 1_000_000]),
    });
    return {
      ...relinking(setting, roots),
      losing,
      blocked: random() < 0.2 ? 60 : 0,
      churn: random() < 0.2,
      pieces: random() < 0.15,
    };
  }),
  overlap: drawn((random) => {
    const roots = someRoots(random, true);
    const slow = random() < 0.4 ? { loops: [SLOW], maxQueue: one(random, [4, 20, 100]) } : {};
    const setting = storm(random, { roots, ...slow });
    return random() < 0.3 ? whole(setting, roots) : setting;
  }),
  roots: drawn((random) => {
    const roots = someRoots(random, false);
    return whole(storm(random, { roots }), roots);
  }),
  churn: drawn((random) => churning(storm(random, { roots: someRoots(random, random() < 0.5) }))),
  watchers: drawn((random) => ({
    ...several(
      random,
      Array.from({ length: 2 + Math.floor(random() * 3) }, () => anyWatching(random)),
    ),
    others: true,
  })),
  loops: drawn((random) =>
    storm(random, {
      loops: [FAST, SLOW, one(random, [BATCHES, SLOW])],
      maxQueue: one(random, [10, 40, 1000]),
    })
  ),
  flat: drawn((random) => {
    const roots = one(random, [["t"], ["t", "t/a"], ["t/a", "t/b"]]);
    return whole(storm(random, { recursive: false, roots }), roots);
  }),
  levels: drawn((random) => {
    const recursive = one(random, [0, 1, 1, 1, 2, 2, 3]);
    const roots = someRoots(random, random() < 0.6);
    const followSymlinks = random() < 0.15;
    const watching = {
      ...{ recursive, roots, followSymlinks },
      kinds: random() < 0.6 ? KINDS : someKinds(random),
      ignore: random() < 0.2 && !followSymlinks ? someIgnore(random) : undefined,
      maxQueue: one(random, [10, 100, 1_000_000, 1_000_000]),
      loops: one(random, [[FAST], [SLOW], [BATCHES], [FAST, SLOW]]),
    };
    const setting = deeper(random, storm(random, watching));
    const rooted = random() < 0.3 ? whole(setting, roots) : setting;
    if (followSymlinks) return following(rooted);
    const losing = { ...rooted, losing: random() < 0.2 ? one(random, [2, 5, 20]) : 0 };
    return random() < 0.4 ? churning(losing) : losing;
  }),
  files: drawn((random) => storm(random, { roots: ["t/a", "t/b/c", "t/d", "t/é"] })),
  early: drawn((random) => ({ ...storm(random, { initial: true }), early: true })),
  pieces: drawn((random) => ({ ...storm(random, {}), pieces: true })),
  mounts: drawn((random) => mounting(several(random, [anyWatching(random)]))),
  mix: drawn(mixed),
};

/** A mode whose random numbers depend on the seed alone. */
function drawn(make: (random: Random) => Setting): (seed: number) => Setting {
  return (seed) => {
    const random = generator(seed ^ 0x5bd1e995);
    for (let i = 0; i < 5; i++) random();
    return fair(make(random));
  };
}

/**
 * With hard links, each change waits for the reader, or there are no hard links: a write is reported by
 * the name that was used, and a reader that finds this name gone cannot tell which file was written.
 */
function fair(setting: Setting): Setting {
  const { flavour, flood } = setting;
  if (!flavour.hardLinks) return setting;
  return flood
    ? { ...setting, flavour: { ...flavour, hardLinks: false } }
    : { ...setting, burst: 1 };
}

function storm(random: Random, watching: Partial<Watching>): Setting {
  const [initial, blocking] = [random() < 0.7, random() < 0.1];
  return several(random, [{ ...WATCHING, initial, blocking, ...watching }]);
}

function several(random: Random, watchers: readonly Watching[]): Setting {
  return {
    ...SETTING,
    flavour: flavourFor(random, watchers),
    watchers,
    burst: burst(random),
    onDisk: random() < 0.25,
  };
}

function burst(random: Random): number {
  return one(random, [20, 60, 150, Infinity]);
}

/** A flavour with only the changes that these watchers promise to report. */
function flavourFor(random: Random, watchers: readonly Watching[]): Flavour {
  // A write is reported by the name that was used, which may not be watched, and a batch omits the changes
  // of a name that is gone.
  const all = watchers.every(({ roots, recursive, ignore, loops }) =>
    recursive === true && roots.includes("t") && ignore === undefined &&
    loops.every(({ batches }) => !batches)
  );
  const hardLinks = all && random() < 0.25;
  return {
    ...FLAVOUR,
    depth: 1 + Math.floor(random() * 3),
    links: hardLinks || random() < 0.3 ? "none" : "any",
    hardLinks,
    exchanges: random() < 0.4,
    swaps: random() < 0.4,
    // With closeWrite alone, a write to a file that is still open is not reported.
    held: watchers.every(({ kinds }) => kinds.includes("modify")) && random() < 0.3,
    pauses: random() < 0.7,
  };
}

/**
 * A link is resolved when it is created, renamed or replaced, not when the path to its target changes;
 * and the removal of its target is reported only once no process has it open.
 */
function following(setting: Setting): Setting {
  const { flavour } = setting;
  return { ...setting, flavour: { ...flavour, links: "steady", hardLinks: false, held: false } };
}

/** A link that is removed as a root, but is below another root, is no longer followed. */
function churning(setting: Setting): Setting {
  return {
    ...setting,
    churn: true,
    flavour: { ...setting.flavour, links: "none", hardLinks: false },
  };
}

/** Changes are made below the levels that are watched, too. */
function deeper(random: Random, setting: Setting): Setting {
  const { flavour } = setting;
  return { ...setting, flavour: { ...flavour, depth: 2 + Math.floor(random() * 4) } };
}

function mounting(setting: Setting): Setting {
  const { flavour } = setting;
  return {
    ...setting,
    flavour: { ...flavour, tops: ["t", "u"], mounts: true, hardLinks: false, held: false },
  };
}

function whole(setting: Setting, roots: readonly string[]): Setting {
  const { flavour } = setting;
  return { ...setting, flavour: { ...flavour, tops: ["t", "u"], hardLinks: false, whole: roots } };
}

/** Roots that are links now and then. */
function relinking(setting: Setting, roots: readonly string[]): Setting {
  const { flavour } = setting;
  return {
    ...setting,
    flavour: {
      ...flavour,
      links: "any",
      hardLinks: false,
      relinked: roots.filter((root) => root !== "t"),
    },
  };
}

function someKinds(random: Random): readonly WatchKind[] {
  const content = one<readonly WatchKind[]>(random, [["modify"], ["closeWrite"], [
    "modify",
    "closeWrite",
  ]]);
  const kinds: WatchKind[] = ["create", ...content];
  if (random() < 0.75) kinds.push("remove");
  if (random() < 0.5) kinds.push("rename");
  if (random() < 0.3) kinds.push("attrib");
  if (random() < 0.1) kinds.push(...READS);
  return kinds;
}

function someIgnore(random: Random): Ignoring {
  return one(random, Object.keys(IGNORES) as Ignoring[]);
}

/** True, or how many levels are watched. @param all how often it is true */
function someLevels(random: Random, all: number): boolean | number {
  const draw = random();
  return draw < all || Math.floor(4 * (draw - all) / (1 - all));
}

function someRoots(random: Random, overlapping: boolean): readonly string[] {
  const apart = [["t"], ["t", "u"], ["t/a", "t/b"], ["t/a/b", "u"], ["t/a"]];
  const within = [["t", "t/a"], ["t", "t/a/b", "t/a"], ["t/a", "t/b", "t"], ["t", "t/a/b/c"]];
  return one(random, overlapping ? within : apart);
}

function anyWatching(random: Random): Watching {
  return {
    roots: someRoots(random, random() < 0.3),
    kinds: random() < 0.5 ? KINDS : someKinds(random),
    recursive: someLevels(random, 0.8),
    followSymlinks: false,
    initial: random() < 0.7,
    blocking: random() < 0.1,
    ignore: random() < 0.25 ? someIgnore(random) : undefined,
    maxQueue: one(random, [10, 100, 1_000_000, 1_000_000]),
    loops: one(random, [[FAST], [SLOW], [BATCHES], [FAST, SLOW]]),
  };
}

function mixed(random: Random): Setting {
  const follow = random() < 0.2;
  const losing = random() < 0.25 ? one(random, [2, 5, 20]) : 0;
  const early = random() < 0.15;
  const watchers = Array.from({ length: one(random, [1, 1, 2, 3]) }, () => {
    const watching = { ...anyWatching(random), followSymlinks: follow };
    // If reads are reported, the scan after a loss causes events that may be lost again, without end.
    const kinds = watching.kinds.filter((kind) => losing === 0 || !READS.includes(kind));
    // During a storm only the events report the entries, and only to the first loop.
    return early
      ? { ...watching, kinds, roots: ["t"], initial: true, loops: watching.loops.slice(0, 1) }
      : { ...watching, kinds };
  });
  const setting: Setting = {
    ...several(random, watchers),
    blocked: random() < 0.2 ? 60 : 0,
    losing,
    others: random() < 0.3,
    pieces: random() < 0.15,
    burst: random() < 0.15 ? 1 + Math.floor(random() * 8) : burst(random),
    early,
  };
  const roots = [...new Set(watchers.flatMap((watching) => watching.roots))];
  const rooted = random() < 0.3 ? whole(setting, roots) : setting;
  if (random() < 0.2 && !follow) return churning(rooted);
  return follow ? following(rooted) : rooted;
}

function one<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)];
}
