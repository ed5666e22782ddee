/** now() and earliest(): moments that are compared with the times of files; with clocks that the test sets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../../ffi/contract.ts";
import { earliest, monotonic, now } from "../../src/kernel/clock.ts";
import { FakeClock, fakeLibc } from "../helpers/fake_libc.ts";

function clocks(): { clock: FakeClock; libc: ReturnType<typeof fakeLibc> } {
  const clock = new FakeClock();
  clock.times[CLOCK_REALTIME] = 1_700_000_000_123.5;
  clock.times[CLOCK_MONOTONIC] = 5000.25;
  return { clock, libc: fakeLibc({ clock_gettime: clock.clock_gettime }) };
}

test("now() and monotonic() are in milliseconds, with fractions", () => {
  const { libc } = clocks();
  assert.deepEqual(now(libc), { realtime: 1_700_000_000_123.5, monotonic: 5000.25 });
  assert.equal(monotonic(libc), 5000.25);
});

test("earliest() is the moment itself while nobody sets the clock", () => {
  const { clock, libc } = clocks();
  const moment = now(libc);
  clock.advance(60_000);
  assert.equal(earliest(libc, moment), moment.realtime);
});

test("earliest() is the moment itself if the clock was set forward", () => {
  const { clock, libc } = clocks();
  const moment = now(libc);
  clock.advance(60_000);
  clock.times[CLOCK_REALTIME] += 3_600_000;
  assert.equal(earliest(libc, moment), moment.realtime);
});

test("earliest() is earlier by as much as the clock was set back", () => {
  const { clock, libc } = clocks();
  const moment = now(libc);
  clock.advance(60_000);
  clock.times[CLOCK_REALTIME] -= 3_600_000;
  assert.equal(earliest(libc, moment), moment.realtime - 3_600_000);
});
