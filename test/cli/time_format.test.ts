/** `formattedClock()`: the time of day in the format of `--timefmt`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import { formattedClock } from "../../src/cli/inotifytools/time_format.ts";

/** What a clock shows at some times, in milliseconds since 1970. */
function shown(format: string, ...times: number[]): string[] {
  const { now } = Date;
  try {
    const time = formattedClock(libc(), format);
    return times.map((ms) => {
      Date.now = () => ms;
      return time();
    });
  } finally {
    Date.now = now;
  }
}

for (
  const [format, expected] of [
    ["%s", ["1700000000", "1700000000", "1700000001"]],
    ["%N", ["007000000", "980000000", "000000000"]],
    ["%1N %3N %6N %9N", [
      "0 007 007000 007000000",
      "9 980 980000 980000000",
      "0 000 000000 000000000",
    ]],
    ["%s.%3N", ["1700000000.007", "1700000000.980", "1700000001.000"]],
    ["%%N %%3N", ["%N %3N", "%N %3N", "%N %3N"]],
    ["%%%3N", ["%007", "%980", "%000"]],
    ["", ["", "", ""]],
  ] as const
) {
  test(`formattedClock(${JSON.stringify(format)}) gives the time`, () => {
    assert.deepEqual(shown(format, 1700000000007, 1700000000980, 1700000001000), expected);
  });
}
