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

/** The event of a step, if it is possible. Any path may be new, whether or not what is above it is known. */
function eventOf(step: Step, known: Known): Change | undefined {
  const [path, to] = [PATHS[step.path % PATHS.length], PATHS[step.to % PATHS.length]];
  const isDirectory = step.to % 2 === 0;
  const what = ["modify", "remove", "rename"][step.what % 3];
  const isBelowFile = (one: string) =>
    known.entries().some(([file, isDirectory]) => !isDirectory && isWithin(one, file));
  const isFree = (one: string) => !known.keys().some((other) => isWithin(other, one));
  const type = known.get(path);
  if (type === undefined) {
    return isBelowFile(path) ? undefined : entryEvent("create", path, isDirectory || !isFree(path));
  }
  if (what === "modify" && !type) return entryEvent("modify", path, false);
  if (what !== "rename") return entryEvent("remove", path, type);
  if (isWithin(to, path) || isBelowFile(to) || !isFree(to)) return undefined;
  return renameEvent(path, to, type, false);
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

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

test("coalesce() turns the paths before a batch into those after it, where roots are below others", () => {
  fc.assert(
    fc.property(steps, steps, (first, then) => {
      const known: Known = new Map();
      const play = (some: readonly Step[]) =>
        some.flatMap((one) => {
          const event = eventOf(one, known);
          if (event === undefined) return [];
          apply(event, known);
          return [event];
        });
      play(first);
      const coalesced = new Map(known);
      const events = play(then);
      const result = coalesce(events, true) as Change[];
      try {
        for (const event of result) apply(event, coalesced);
        assert.deepEqual([...coalesced].sort(), [...known].sort());
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
