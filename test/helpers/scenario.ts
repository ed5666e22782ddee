/**
 * Scenarios: text files with actions on a directory and the events that a watcher reports for them.
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
 * Paths are relative to a new directory, and those of directories end with a slash. "watch" takes paths,
 * and options as JSON. The actions "add" and "remove" call the Watcher's methods without waiting; "sync"
 * waits for Watcher.sync(); "sh" runs a command, for names that not every runtime can write. "events"
 * compares all events since the last "events", in order; "events in any order" is for events whose order
 * the kernel does not promise. Equal neighbours count once, since the kernel merges them if they are not
 * read in between. "watched" compares the result of Watcher.watched().
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InotifyError, watch, type Watcher, type WatchEvent } from "../../mod.ts";
import { performAction } from "./action.ts";
import { escape } from "./name.ts";
import { tmpDir } from "./tmp.ts";
import { within } from "./within.ts";

/** A parsed scenario file. */
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
    else throw new Error(`${where}: this line is in no section`);
  });
  return { title: first.slice(2), sections };
}

/** Performs a scenario's actions and compares the events. */
export async function play({ sections }: Scenario): Promise<void> {
  const base = tmpDir();
  let watcher: Watcher | undefined;
  let seen: string[] = [];
  let loop: Promise<void> | undefined;
  const added: Promise<void>[] = [];
  try {
    for (const { head, where, lines } of sections) {
      const [verb] = head.split(" ");
      if (verb === "given" || verb === "do") {
        for (const line of lines) {
          const [action, path] = line.split(" ");
          if (action === "sync") await within(watcher!.sync());
          else if (action === "add") added.push(watcher!.add(join(base, path)));
          else if (action === "remove") assert.ok(watcher!.remove(join(base, path)), where);
          else performAction(base, line, where);
        }
      } else if (verb === "watch") {
        watcher = begin(base, head);
        loop = follow(watcher, base, (line) => seen.push(line));
        await within(watcher.ready.catch((error) => seen.push(`not ready: ${why(base, error)}`)));
      } else if (verb === "events") {
        await within(watcher!.sync());
        await new Promise((resolve) => setTimeout(resolve, 0)); // lets the loop take the queued events
        const actual = seen.filter((line, i) => line !== seen[i - 1]);
        seen = [];
        if (head === "events") assert.deepEqual(actual, lines, where);
        else assert.deepEqual(actual.toSorted(), [...lines].sort(), where);
      } else if (verb === "watched") {
        const paths = watcher!.watched().map((path) => shorten(base, path));
        assert.deepEqual(paths.sort(), lines, where);
      } else {
        throw new Error(`${where}: ${JSON.stringify(head)} is not a section`);
      }
    }
  } finally {
    await watcher?.close();
    await Promise.all([loop, ...added]);
  }
}

function begin(base: string, head: string): Watcher {
  const [, paths, options] = /^watch ((?:[^ {]+ ?)+)(\{.*\})?$/.exec(head)!;
  const given = paths.trim().split(" ").map((path) => join(base, path));
  const { ignorePattern, ...rest } = JSON.parse(options ?? "{}");
  return watch(given, ignorePattern ? { ...rest, ignore: new RegExp(ignorePattern) } : rest);
}

async function follow(
  watcher: Watcher,
  base: string,
  report: (line: string) => void,
): Promise<void> {
  try {
    for await (const event of watcher) report(show(base, event));
  } catch (error) {
    report(`failed: ${why(base, error)}`);
  }
}

function show(base: string, event: WatchEvent): string {
  const { kind } = event;
  if (kind === "overflow" || kind === "ready") return kind;
  if (kind === "error") return `${kind} ${why(base, event.error)}`;
  if (kind === "mount" || kind === "unmount") return `${kind} ${shorten(base, event.path)}`;
  const slash = event.isDirectory ? "/" : "";
  const path = shorten(base, event.path, event.rawPath) + slash;
  if (kind !== "rename") return `${kind} ${path}`;
  const from = shorten(base, event.from, event.rawFrom) + slash;
  return `rename ${from} -> ${path}${event.replaced ? " replaced" : ""}`;
}

function why(base: string, error: unknown): string {
  if (!(error instanceof InotifyError)) return String(error);
  return `${error.code} ${shorten(base, error.path!)}`;
}

function shorten(base: string, path: string, raw?: Uint8Array): string {
  const text = escape(path, raw);
  return text === base ? "." : text.slice(base.length + 1);
}
