/** `OwnEvents`: which events are not reported. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, IN_OPEN } from "../../mod.ts";
import { OwnEvents } from "../../src/engine/own_events.ts";

const event = (mask: number, name: string, wd = 1) => ({ wd, mask, name, cookie: 0 });

test("OwnEvents.take() takes one event of each kind for each time that a file was opened", () => {
  const own = new OwnEvents();
  assert.ok(!own.take(event(IN_OPEN, "f")));
  own.add(1, "f");
  own.add(1, "f");
  for (const other of [event(IN_OPEN, "g"), event(IN_OPEN, "f", 2), event(IN_CLOSE_WRITE, "f")]) {
    assert.ok(!own.take(other));
  }
  for (const mask of [IN_OPEN, IN_CLOSE_NOWRITE, IN_OPEN, IN_CLOSE_NOWRITE]) {
    assert.ok(own.take(event(mask, "f")));
  }
  for (const mask of [IN_OPEN, IN_CLOSE_NOWRITE]) assert.ok(!own.take(event(mask, "f")));
});

test("OwnEvents.add() returns what forgets events that have not come, and no others", () => {
  const own = new OwnEvents();
  const forget = own.add(1, "f");
  own.take(event(IN_OPEN, "f"));
  own.add(1, "f");
  forget();
  assert.ok(own.take(event(IN_OPEN, "f")));
  assert.ok(own.take(event(IN_CLOSE_NOWRITE, "f")));
  assert.ok(!own.take(event(IN_CLOSE_NOWRITE, "f")));
});
