/**
 * Scenarios: text files that say what is done to a directory, and which events a watcher then gives.
 *
 *     # Title
 *     given
 *       write f hello
 *     watch . {"initial": true}
 *     do
 *       mv f g
 *     events
 *       rename f -> g
 *
 * Paths are below a new directory; in names, \xFF is a byte and \n a newline. "watch" takes paths, and
 * options as JSON; "sh" takes a command, for names that not every runtime can write. After each "do"
 * all events up to then are compared with those under "events": in order, or as a set where it is
 * "events in any order", since the kernel does not promise one. The path of a directory ends with a
 * slash. Equal neighbours count once: the kernel merges what is not read in between.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { watch, type Watcher, type WatchEvent } from "../../mod.ts";
import { tmpDir } from "./tmp.ts";
import { within } from "./within.ts";

/** A scenario, and where each of its lines is. */
export interface Scenario {
  readonly title: string;
  readonly sections: readonly Section[];
}

interface Section {
  readonly head: string;
  readonly where: string;
  readonly lines: readonly string[];
}

/** Reads a scenario file. */
export function readScenario(file: string): Scenario {
  const [first, ...rest] = readFileSync(file, "utf8").trimEnd().split("\n");
  if (!first.startsWith("# ")) throw new Error(`${file}:1: a scenario begins with "# Title"`);
  const sections: { head: string; where: string; lines: string[] }[] = [];
  rest.forEach((line, i) => {
    const where = `${file}:${i + 2}`;
    if (/^\s*(#|$)/.test(line)) return;
    if (!line.startsWith(" ")) sections.push({ head: line, where, lines: [] });
    else if (sections.length > 0) sections.at(-1)!.lines.push(line.trim());
    else throw new Error(`${where}: this belongs to no section`);
  });
  return { title: first.slice(2), sections };
}

/** Does what a scenario says, and compares. */
export async function play({ sections }: Scenario): Promise<void> {
  const base = tmpDir();
  let watcher: Watcher | undefined;
  let seen: string[] = [];
  let loop: Promise<void> | undefined;
  try {
    for (const { head, where, lines } of sections) {
      const [verb] = head.split(" ");
      if (verb === "given" || verb === "do") {
        for (const line of lines) {
          if (line === "sync") await within(watcher!.sync());
          else act(base, line, where);
        }
      } else if (verb === "watch") {
        watcher = begin(base, head);
        const watching = watcher;
        loop = (async () => {
          for await (const event of watching) seen.push(show(base, event));
        })();
        await within(watcher.ready);
      } else if (verb === "events") {
        await within(watcher!.sync());
        await new Promise((resolve) => setTimeout(resolve, 0)); // the loop takes what waits
        const actual = seen.filter((line, i) => line !== seen[i - 1]);
        seen = [];
        if (head === "events") assert.deepEqual(actual, lines, where);
        else assert.deepEqual(actual.toSorted(), [...lines].sort(), where);
      } else {
        throw new Error(`${where}: ${JSON.stringify(head)} is no section`);
      }
    }
  } finally {
    await watcher?.close();
    await loop;
  }
}

function begin(base: string, head: string): Watcher {
  const [, paths, options] = /^watch ((?:[^ {]+ ?)+)(\{.*\})?$/.exec(head)!;
  const given = paths.trim().split(" ").map((path) => join(base, path));
  const { ignorePattern, ...rest } = JSON.parse(options ?? "{}");
  return watch(given, ignorePattern ? { ...rest, ignore: new RegExp(ignorePattern) } : rest);
}

function act(base: string, line: string, where: string): void {
  const [verb, ...args] = line.split(" ");
  const at = (i: number) => join(base, args[i].replaceAll("\\n", "\n"));
  const actions: Record<string, () => void> = {
    mkdir: () => void mkdirSync(at(0), { recursive: true }),
    write: () => args.length === 1 ? create(at(0)) : writeFileSync(at(0), args[1]),
    append: () => appendFileSync(at(0), args[1]),
    rm: () => rmSync(at(0), { recursive: true }),
    mv: () => renameSync(at(0), at(1)),
    ln: () => linkSync(at(0), at(1)),
    symlink: () => symlinkSync(args[0], at(1)),
    chmod: () => chmodSync(at(1), Number.parseInt(args[0], 8)),
    sh: () => void execFileSync("sh", ["-c", args.join(" ")], { cwd: base }),
  };
  if (!(verb in actions)) throw new Error(`${where}: nobody knows how to ${verb}`);
  actions[verb]();
}

/** An empty file, without a word about a change: Bun's writeFileSync truncates what it has created. */
function create(path: string): void {
  closeSync(openSync(path, "a"));
}

function show(base: string, event: WatchEvent): string {
  if (event.kind === "overflow") return "overflow";
  if (event.kind === "error" || event.kind === "unmount") return `${event.kind} ${event.path}`;
  const slash = event.isDirectory ? "/" : "";
  const path = shorten(base, event.path, event.rawPath) + slash;
  if (event.kind !== "rename") return `${event.kind} ${path}`;
  const from = shorten(base, event.from, event.rawFrom) + slash;
  return `rename ${from} -> ${path}${event.replaced ? " replaced" : ""}`;
}

function shorten(base: string, path: string, raw: Uint8Array | undefined): string {
  const text = raw === undefined ? path : Buffer.from(raw).toString("latin1").replace(
    /[\x80-\xff]/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return (text === base ? "." : text.slice(base.length + 1)).replaceAll("\n", "\\n");
}
