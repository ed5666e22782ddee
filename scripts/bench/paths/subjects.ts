/** The subjects of the path level: a loop in C, inotifywait, `watch()` and other watchers. */

import { spawnSync } from "node:child_process";
import { type Runtime, type RuntimeName, runtimes } from "../runtimes.ts";
import { compile, type Scratch } from "../scratch.ts";
import { type Peer, peers } from "./peers.ts";

/** One column of the table. */
export interface Subject {
  /** The head of the column, with the versions. */
  readonly name: string;
  /** The command that takes the arguments of subject.ts. */
  command(wanted: "create" | "modify", directory: string, count: number): readonly string[];
  /** The command that prints a word and waits, without what is measured. */
  readonly bare: readonly string[];
  /** The kernel level's command "wake", for subjects that are built on it. */
  readonly kernel?: readonly string[];
}

/** What all measurements share. */
export interface Setting {
  /** The compiled writer.c. */
  readonly writer: string;
  /** The compiled cpu.c. */
  readonly cpu: string;
  /** The directory for watched files. */
  readonly files: string;
}

/** A watcher of watchers.ts, its runtimes, and its package if it has one. */
export interface Watcher {
  readonly title: string;
  readonly watcher: string;
  readonly on: readonly RuntimeName[];
  readonly package?: string;
}

export const OURS: Watcher = { title: "`watch()`", watcher: "module", on: ["Deno", "Bun", "Node"] };

export const OTHERS: readonly Watcher[] = [
  { title: "`Deno.watchFs`", watcher: "deno", on: ["Deno"] },
  { title: "`fs.watch`", watcher: "fs", on: ["Bun", "Node"] },
  { title: "chokidar", watcher: "chokidar", on: ["Deno", "Bun", "Node"], package: "chokidar" },
  { title: "@parcel/watcher", watcher: "parcel", on: ["Node"], package: "@parcel/watcher" },
];

/** Finds the subjects, and prints which are left out. */
export function subjects(scratch: Scratch): Subject[] {
  const found = runtimes(scratch);
  const packages = peers();
  const reference = inC("C", "paths/reference.c", scratch);
  const ours = columns(OURS, found).map((subject, i) => ({
    ...subject,
    kernel: [...found[i].program("kernel/subject"), "wake"],
  }));
  const others = OTHERS.flatMap((watcher) => {
    if (watcher.package === undefined) return columns(watcher, found);
    const peer = packages?.get(watcher.package);
    return peer === undefined ? [] : columns(watcher, found, peer);
  });
  return [reference, ...inotifywait(scratch), ...ours, ...others];
}

function columns(
  { title, watcher, on }: Watcher,
  found: readonly Runtime[],
  peer?: Peer,
): Subject[] {
  const full = peer === undefined ? title : `${title} ${peer.version}`;
  return found.filter(({ name }) => on.includes(name)).map(({ name, version, program }) => ({
    name: `${full}, ${name} ${version}`,
    command: (wanted, directory, count) => [
      ...program("paths/subject"),
      wanted,
      directory,
      String(count),
      watcher,
      peer?.entry ?? "",
    ],
    bare: [...program("paths/subject"), "create", "/", "0", "none"],
  }));
}

function inC(name: string, file: string, scratch: Scratch): Subject {
  const program = compile(file, scratch);
  return {
    name,
    command: (wanted, directory, count) => [program, wanted, directory, String(count)],
    bare: [compile("bare.c", scratch)],
  };
}

function inotifywait(scratch: Scratch): Subject[] {
  const { stdout, error } = spawnSync("inotifywait", ["--help"], { encoding: "utf8" });
  if (error !== undefined) {
    console.error("inotifywait is left out: it is not on the PATH");
    return [];
  }
  return [inC(stdout.split("\n", 1)[0], "paths/inotifywait.c", scratch)];
}
