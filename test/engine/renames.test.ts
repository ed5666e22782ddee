/** `Renames`: how the halves of renames are paired, from events that are made up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_MODIFY,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_Q_OVERFLOW,
  type InotifyEvent,
} from "../../mod.ts";
import { type Move, Renames } from "../../src/engine/renames.ts";

/** An event in the watch 1. */
const event = (mask: number, name: string, cookie = 0, wd = 1): InotifyEvent => ({
  wd,
  mask,
  cookie,
  name,
});
const from = (name: string, cookie: number, wd = 1) => event(IN_MOVED_FROM, name, cookie, wd);
const to = (name: string, cookie: number, wd = 1) => event(IN_MOVED_TO, name, cookie, wd);

/** A line for what {@link Renames.shift} gave. */
function shown(change: InotifyEvent | Move): string {
  return "wd" in change ? change.name : `${change.from?.name ?? ""}->${change.to?.name ?? ""}`;
}

/** All that is there without waiting. */
function drain(renames: Renames, last = false): string[] {
  const lines: string[] = [];
  for (;;) {
    const change = renames.shift(last);
    if (change === undefined) return lines;
    lines.push(shown(change));
  }
}

/** What comes out of the events of one read. */
function shifted(...events: readonly InotifyEvent[]): string[] {
  const renames = new Renames();
  renames.push(events);
  return drain(renames);
}

for (
  const [title, events, expected] of [
    [
      "gives both halves that follow one another",
      [event(IN_CREATE, "a"), from("a", 7), to("b", 7), event(IN_DELETE, "b")],
      ["a", "a->b", "b"],
    ],
    [
      "gives both halves though an event is between them, which comes after",
      [from("a", 7), event(IN_MODIFY, "x", 0, 2), to("b", 7, 3)],
      ["a->b", "x"],
    ],
    [
      "pairs by the cookie, also halves that are interleaved",
      [from("a", 7, 1), from("c", 8, 2), to("d", 8, 2), to("b", 7, 1)],
      ["a->b", "c->d"],
    ],
    [
      "pairs by the cookie alone, whatever the names and watches",
      [from("a", 7, 1), to("a", 8, 2), to("b", 7, 2)],
      ["a->b", "->a"],
    ],
    ["gives a second half alone that has no first", [to("b", 7)], ["->b"]],
    [
      "gives a first half alone once its directory has changed again",
      [from("a", 7), event(IN_CREATE, "b"), event(IN_MODIFY, "b")],
      ["a->", "b", "b"],
    ],
    [
      "gives a first half alone once its directory has another rename",
      [from("a", 7), from("b", 8), to("c", 8)],
      ["a->", "b->c"],
    ],
    [
      "gives a first half alone once events are lost",
      [from("a", 7), event(IN_Q_OVERFLOW, "lost", 0, -1)],
      ["a->", "lost"],
    ],
    [
      "waits for a second half though its directory has other events than of entries",
      [from("a", 7), event(IN_ATTRIB, ""), event(IN_MODIFY, "b")],
      [],
    ],
    [
      "waits for a second half though another directory has changed",
      [from("a", 7), event(IN_CREATE, "b", 0, 2)],
      [],
    ],
  ] as [string, InotifyEvent[], string[]][]
) {
  test(`Renames.shift() ${title}`, () => assert.deepEqual(shifted(...events), expected));
}

test("Renames.shift() pairs halves of two reads, with what was read before in its place", () => {
  const renames = new Renames();
  renames.push([event(IN_CREATE, "a"), from("a", 7), event(IN_MODIFY, "x", 0, 2)]);
  assert.deepEqual(drain(renames), ["a"]);
  assert.equal(renames.empty, false);
  renames.push([event(IN_MODIFY, "y", 0, 2), to("b", 7), event(IN_DELETE, "z")]);
  assert.deepEqual(drain(renames), ["a->b", "x", "y", "z"]);
  assert.equal(renames.empty, true);
});

test("Renames.shift() gives a half alone that is the last, and its second half if that comes later", () => {
  const renames = new Renames();
  renames.push([from("a", 7)]);
  assert.deepEqual([drain(renames), drain(renames, true)], [[], ["a->"]]);
  assert.equal(renames.empty, true);
  renames.push([to("b", 7)]);
  assert.deepEqual(drain(renames), ["->b"]);
});

test("Renames.shift() takes a cookie that comes again for another rename", () => {
  const renames = new Renames();
  for (const name of ["b", "c"]) {
    renames.push([from("a", 7), to(name, 7)]);
    assert.deepEqual(drain(renames), [`a->${name}`]);
  }
});
