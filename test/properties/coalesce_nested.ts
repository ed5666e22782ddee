/** A property of `coalesce()` where one root is below another: what is in a directory may be reported before it. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  type EntryEvent,
  entryEvent,
  type RenameEvent,
  renameEvent,
} from "../../src/engine/event.ts";
import { coalesce } from "../../src/watch/coalesce.ts";
import { fastCheck } from "../helpers/fast_check.ts";

const fc = fastCheck();

/** INOTIFY_RUNS sets another number of runs. */
const numRuns = Number(process.env["INOTIFY_RUNS"] ?? 5000);

type Change = EntryEvent | RenameEvent;

/** What a loop knows: paths, and whether each is a directory. */
type Known = Map<string, boolean>;

const NAMES = ["a", "b"];
const PATHS = NAMES.flatMap((a) => [
  `/${a}`,
  ...NAMES.flatMap((b) => [`/${a}/${b}`, ...NAMES.map((c) => `/${a}/${b}/${c}`)]),
]);

/** A step as random numbers, each taken modulo the number of choices. */
interface Step {
  readonly path: number;
  readonly to: number;
  readonly what: number;
}

const any = fc.integer({ min: 0, max: 99 });
const steps = fc.array(fc.record<Step>({ path: any, to: any, what: any }), {
  maxLength: 10,
  size: "max",
});

/**
 * The events of a step, if it is possible. Any path may be new, whether or not what is above it is known.
 *
 * @param hasLinks whether a path may be below a file, which is a symbolic link then: nothing is renamed, since the
 * rename of what has roots below is a removal and a creation
 */
function eventsOf(step: Step, known: Known, hasLinks: boolean): Change[] {
  const [path, to] = [PATHS[step.path % PATHS.length], PATHS[step.to % PATHS.length]];
  const what = ["modify", "remove", "rename"][step.what % 3];
  const below = (one: string) =>
    [...known].filter(([other]) => other !== one && isWithin(other, one));
  const isBelowFile = (one: string) =>
    known.entries().some(([file, type]) => !type && file !== one && isWithin(one, file));
  const type = known.get(path);
  if (type === undefined) {
    if (!hasLinks && isBelowFile(path)) return [];
    const isDirectory = step.to % 2 === 0 || !hasLinks && below(path).length > 0;
    return [entryEvent("create", path, isDirectory)];
  }
  if (what === "modify" && !type) return [entryEvent("modify", path, false)];
  if (what === "rename" && !hasLinks) {
    const isFree = !isWithin(to, path) && !isBelowFile(to) && !known.has(to) && !below(to).length;
    return isFree ? [renameEvent(path, to, type, false)] : [];
  }
  const links = type
    ? []
    : below(path).filter(([one]) =>
      !below(path).some(([other, type]) => type && other !== one && isWithin(one, other))
    );
  return [...links.sort(([a], [b]) => b.length - a.length), [path, type] as const].map(
    ([one, isDirectory]) => entryEvent("remove", one, isDirectory),
  );
}

function apply(event: Change, known: Known): void {
  const { kind, path, isDirectory } = event;
  const take = (from: string) => {
    const taken = [...known].filter(([one]) => isWithin(one, from));
    for (const [one] of taken) known.delete(one);
    return taken;
  };
  const isNew = kind === "create" || kind === "rename" && !event.replaced;
  assert.equal(known.get(path), isNew ? undefined : isDirectory);
  if (kind === "remove") take(path);
  else if (kind === "rename") {
    assert.equal(known.get(event.from), isDirectory);
    const moved = take(event.from);
    take(path);
    for (const [one, type] of moved) {
      known.set(path + one.slice(event.from.length), type);
    }
  } else known.set(path, isDirectory);
}

/** Whether nothing comes whose content is named by an earlier event. */
function isOrdered(events: readonly Change[]): boolean {
  let named: readonly string[] = [];
  for (const { kind, path, ...rest } of events) {
    if (kind === "remove") named = named.filter((one) => !isWithin(one, path));
    if (kind !== "create" && kind !== "rename") continue;
    if (named.some((one) => one !== path && isWithin(one, path))) return false;
    const from = "from" in rest ? rest.from : path;
    const moved = named.map((one) => isWithin(one, from) ? path + one.slice(from.length) : one);
    named = [...moved, path];
  }
  return true;
}

/** Whether directories have exchanged places: then their events are kept, in their order. */
function areKept(events: readonly Change[], result: readonly Change[]): boolean {
  const ofDirectories = (some: readonly Change[]) =>
    JSON.stringify(some.filter((one) => one.isDirectory));
  return ofDirectories(events) === ofDirectories(result);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

test("coalesce() turns the paths before a batch into those after it, where roots are below others", () => {
  fc.assert(
    fc.property(steps, steps, any, (first, then, links) => {
      const known: Known = new Map();
      const play = (some: readonly Step[]) =>
        some.flatMap((one) => {
          const events = eventsOf(one, known, links % 2 === 0);
          for (const event of events) apply(event, known);
          return events;
        });
      play(first);
      const coalesced = new Map(known);
      const events = play(then);
      const result = coalesce(events, true) as Change[];
      try {
        for (const event of result) apply(event, coalesced);
        assert.deepEqual([...coalesced].sort(), [...known].sort());
        const isExempt = !isOrdered(events) && areKept(events, result);
        assert.ok(isOrdered(result) || isExempt, "an entry is named before what it is in");
      } catch (error) {
        const [all, least] = [events, result].map((some) => some.map(toLine).join("\n  "));
        throw new Error(`${all}\nis reported as\n  ${least}`, { cause: error });
      }
    }),
    { numRuns },
  );
});

function toLine({ kind, path, isDirectory, ...rest }: Change): string {
  const from = "from" in rest ? `${rest.from} -> ` : "";
  return `${kind} ${from}${path}${isDirectory ? "/" : ""}`;
}
