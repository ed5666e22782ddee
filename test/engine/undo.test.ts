/** `undo()`: the picture before some events. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { WatchEvent } from "../../mod.ts";
import type { ChangeKinds } from "../../src/engine/change_kinds.ts";
import { eventsBetween } from "../../src/engine/pictures.ts";
import { entryEvent, renameEvent } from "../../src/engine/event.ts";
import { undo } from "../../src/engine/undo.ts";
import { type Made, make, pictureOf } from "../helpers/pictures.ts";

const KINDS: ChangeKinds = {
  renames: true,
  changes: ["modify"],
  replacement: ["modify"],
  incomplete: ["modify"],
};

const file = make(false);
const other = make(false);

function directory(entries: Readonly<Record<string, Made>>): Made {
  return { ...make(true), inode: 1e6, entries: new Map(Object.entries(entries)) };
}

/** What a consumer is told again who has not taken the events that led to what is there. */
function again(now: Made | undefined, events: readonly WatchEvent[]): string[] {
  const picture = pictureOf("/t", now);
  undo(picture, events);
  return eventsBetween(picture, pictureOf("/t", now), KINDS).map((event) =>
    event.kind === "rename"
      ? `rename ${event.from} -> ${event.path}${event.replaced ? " replaced" : ""}`
      : event.kind + ("path" in event ? ` ${event.path}` : "")
  );
}

test("undo() of no event changes nothing", () => {
  assert.deepEqual(again(directory({ f: file }), []), []);
});

test("undo() of a creation, a change, and what is no change of an entry", () => {
  const now = directory({ f: file, g: other });
  assert.deepEqual(again(now, [entryEvent("create", "/t/f", false), { kind: "overflow" }]), [
    "create /t/f",
  ]);
  assert.deepEqual(again(now, [entryEvent("modify", "/t/g", false)]), ["modify /t/g"]);
});

test("undo() of a removal, of a file, or of a directory with all in it", () => {
  assert.deepEqual(again(directory({}), [entryEvent("remove", "/t/f", false)]), ["remove /t/f"]);
  const events = [entryEvent("remove", "/t/d/f", false), entryEvent("remove", "/t/d", true)];
  assert.deepEqual(again(directory({}), events), ["remove /t/d"]);
});

test("undo() of a removal and a creation reports both again", () => {
  const events = [
    entryEvent("remove", "/t/d", true),
    entryEvent("create", "/t/d", true),
    entryEvent("create", "/t/d/f", false),
  ];
  const now = directory({ d: { ...make(true), entries: new Map([["f", file]]) } });
  assert.deepEqual(again(now, events), ["remove /t/d", "create /t/d", "create /t/d/f"]);
});

test("undo() of renames, to a free name and over a file", () => {
  const now = directory({ c: file });
  assert.deepEqual(again(now, [renameEvent("/t/a", "/t/c", false, false)]), [
    "rename /t/a -> /t/c",
  ]);
  const events = [
    renameEvent("/t/a", "/t/b", false, false),
    renameEvent("/t/b", "/t/c", false, true),
  ];
  assert.deepEqual(again(now, events), ["rename /t/a -> /t/c replaced"]);
});

test("undo() of a rename into a directory that is removed, reports the removal of what was renamed", () => {
  const events = [renameEvent("/t/a", "/t/d/b", true, false), entryEvent("remove", "/t/d", true)];
  assert.deepEqual(again(directory({ c: file }), events).sort(), ["remove /t/a", "remove /t/d"]);
  const now = directory({ a: { ...make(true), entries: new Map([["f", file]]) } });
  const more = [
    ...events,
    entryEvent("create", "/t/a", true),
    entryEvent("create", "/t/a/f", false),
  ];
  assert.deepEqual(again(now, more), [
    "remove /t/a",
    "create /t/a",
    "create /t/a/f",
    "remove /t/d",
  ]);
});

test("undo() of a rename out of a directory that is removed, reports the creation of what was renamed", () => {
  const events = [renameEvent("/t/d/a", "/t/a", false, false), entryEvent("remove", "/t/d", true)];
  assert.deepEqual(again(directory({ a: file }), events), ["create /t/a", "remove /t/d"]);
});

test("undo() of the coming and going of a path itself", () => {
  assert.deepEqual(again(directory({}), [entryEvent("create", "/t", true)]), ["create /t"]);
  assert.deepEqual(again(undefined, [entryEvent("remove", "/t", true)]), ["remove /t"]);
  const events = [entryEvent("remove", "/t", true), entryEvent("create", "/t", true)];
  assert.deepEqual(again(directory({}), events), ["remove /t", "create /t"]);
});

test("undo() of an event of a path that the picture does not have changes nothing", () => {
  assert.deepEqual(again(directory({}), [entryEvent("remove", "/elsewhere/f", false)]), []);
});
