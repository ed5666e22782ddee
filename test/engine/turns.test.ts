/** `Turns`: when the event loop is due for a turn, with a clock that only the test moves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../../src/engine/turns.ts";
import { FakeClock, fakeLibc } from "../helpers/fake_libc.ts";

function turnsWithClock(): { readonly turns: Turns; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { turns: new Turns(fakeLibc({ clock_gettime: clock.clock_gettime })), clock };
}

test("Turns.isDue after more than 10 ms since it was first asked", () => {
  const { turns, clock } = turnsWithClock();
  clock.advance(1000);
  assert.equal(turns.isDue, false);
  clock.advance(10);
  assert.equal(turns.isDue, false);
  clock.advance(1);
  assert.equal(turns.isDue, true);
});

test("Turns.waited() begins a new stretch, which the next question starts", () => {
  const { turns, clock } = turnsWithClock();
  assert.equal(turns.isDue, false);
  clock.advance(11);
  turns.waited();
  clock.advance(11);
  assert.equal(turns.isDue, false);
  clock.advance(11);
  assert.equal(turns.isDue, true);
});

test("Turns.take() lets other callbacks run, and begins a new stretch at its end", async () => {
  const { turns, clock } = turnsWithClock();
  assert.equal(turns.isDue, false);
  clock.advance(11);
  let ran = false;
  setTimeout(() => void (ran = true), 0);
  for (let count = 0; !ran && count < 1000; count++) await turns.take();
  assert.equal(ran, true);
  assert.equal(turns.isDue, false);
  clock.advance(11);
  assert.equal(turns.isDue, true);
});
