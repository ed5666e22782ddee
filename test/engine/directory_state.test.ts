/** The states of a directory: what becomes of an event in each, and how one leads to another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CREATE, IN_MODIFY, type InotifyEvent } from "../../mod.ts";
import {
  type DirectoryState,
  discardHeld,
  invalidate,
  isExact,
  isListed,
  isStale,
  KNOWN,
  markStale,
  needsScan,
  onContentEvent,
  onEntryEvent,
  overrule,
  scanned,
  unreachable,
  type Verdict,
} from "../../src/engine/directory_state.ts";
import { Listing } from "../../src/engine/listing.ts";

const event = (mask: number, name: string): InotifyEvent => ({ wd: 1, mask, cookie: 0, name });
const created = (name: string) => event(IN_CREATE, name);
const modified = (name: string) => event(IN_MODIFY, name);
const failure = { syscall: "open", errno: 2 };

/** A state of each kind, new each time. */
const STATES: Record<string, () => DirectoryState> = {
  known: () => KNOWN,
  unscanned: () => invalidate(KNOWN),
  "unscanned, holding": () => invalidate(scanned(KNOWN, new Listing(), "other")),
  live: () => scanned(KNOWN, new Listing(), "new"),
  held: () => scanned(KNOWN, new Listing(), "other"),
  unreachable: () => unreachable(KNOWN, failure),
};

/** The table of directory_state.ts. */
const VERDICTS: Record<string, [entry: Verdict, knownContent: Verdict, newContent: Verdict]> = {
  known: ["apply", "apply", "apply"],
  unscanned: ["discard", "hold", "hold"],
  "unscanned, holding": ["hold", "hold", "hold"],
  live: ["apply", "apply", "hold"],
  held: ["hold", "hold", "hold"],
  unreachable: ["discard", "hold", "hold"],
};

for (const [name, [entry, knownContent, newContent]] of Object.entries(VERDICTS)) {
  test(`${name}: an entry event is to ${entry}, a content event to ${knownContent} or ${newContent}`, () => {
    assert.equal(onEntryEvent(STATES[name](), created("a"), "a"), entry);
    assert.equal(onContentEvent(STATES[name](), modified("a"), "a", true), knownContent);
    assert.equal(onContentEvent(STATES[name](), modified("a"), "a", false), newContent);
  });

  test(`${name}: what is held is kept in order, what is discarded makes its name stale`, () => {
    const state = STATES[name]();
    const events = [created("a"), modified("a"), created("b")];
    const held = events.filter((one) =>
      (one.mask & IN_CREATE
        ? onEntryEvent(state, one, one.name)
        : onContentEvent(state, one, one.name, true)) === "hold"
    );
    assert.deepEqual(state.tag === "known" ? [] : state.held, held);
    assert.equal(isStale(state, "a"), entry === "discard");
    assert.equal(isStale(state, "c"), false);
  });
}

test("only the known and the live are exact, the unscanned and unreachable need a scan", () => {
  const exact = Object.keys(STATES).filter((name) => isExact(STATES[name]()));
  assert.deepEqual(exact, ["known", "live"]);
  const due = Object.keys(STATES).filter((name) => needsScan(STATES[name]()));
  assert.deepEqual(due, ["unscanned", "unscanned, holding", "unreachable"]);
  const listed = Object.keys(STATES).filter((name) => isListed(STATES[name]()));
  assert.deepEqual(listed, ["known", "live"]);
  const held = scanned(KNOWN, new Listing(), "other");
  held.isCommitted = true;
  assert.equal(isListed(held), true);
});

test("scanned(): a new watch is live, that of somebody else is held", () => {
  assert.equal(scanned(invalidate(KNOWN), new Listing(), "new").tag, "live");
  assert.equal(scanned(invalidate(KNOWN), new Listing(), "same").tag, "live");
  assert.equal(scanned(invalidate(KNOWN), new Listing(), "other").tag, "held");
});

test("scanned(): the same watch keeps held events, and goes on holding; another one discards them", () => {
  const held = scanned(KNOWN, new Listing(), "other");
  onEntryEvent(held, created("a"), "a");
  const again = scanned(invalidate(held), new Listing(), "same");
  assert.deepEqual([again.tag, again.held], ["held", [created("a")]]);
  const other = scanned(invalidate(again), new Listing(), "new");
  assert.deepEqual([other.tag, other.held], ["live", []]);
});

test("stale names stay through every transition, until the directory is known", () => {
  const first = invalidate(KNOWN);
  markStale(first, "a");
  const live = scanned(first, new Listing(), "new");
  const states = [live, invalidate(live), unreachable(live, failure)];
  assert.deepEqual(states.map((state) => isStale(state, "a")), [true, true, true]);
});

test("a stale name's content event is held, though there is an entry of that name", () => {
  const live = scanned(KNOWN, new Listing(), "new");
  markStale(live, "a");
  assert.equal(onContentEvent(live, modified("a"), "a", true), "hold");
});

test("a live scan is overruled by entry events and by renames, an earlier one is not", () => {
  const live = scanned(KNOWN, new Listing(), "new");
  onEntryEvent(live, created("a"), "a");
  overrule(live, "b");
  assert.deepEqual([...live.overruled!], ["a", "b"]);
  assert.equal(scanned(invalidate(live), new Listing(), "same").overruled, undefined);
});

test("discardHeld() makes the names of what it discards stale, for the scans that follow", () => {
  const held = scanned(KNOWN, new Listing(), "other");
  for (const name of ["a", "a", "b"]) onContentEvent(held, modified(name), name, true);
  discardHeld(held);
  const state = scanned(invalidate(held), new Listing(), "same");
  assert.deepEqual(state.held, []);
  assert.deepEqual(["a", "b", "c"].map((name) => isStale(state, name)), [true, true, false]);
});
