/**
 * The time of day in the format of `--timefmt`.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { cString, fromBytes } from "../../kernel/byte_string.ts";

/** What date(1) has beyond strftime(3): `%N`, nanoseconds, and `%3N`, their first three digits. */
const FRACTION = /%(?:%|(?<digits>[1-9]?)N)/g;

const time = new Uint8Array(8);
const seconds = new DataView(time.buffer);
const tm = new Uint8Array(64);
const buffer = new Uint8Array(4096);

/**
 * Makes a clock that gives the time as text.
 *
 * @param format of strftime(3), and `%N`, which is exact to the millisecond
 * @returns gives the current time; "" if the format gives nothing
 */
export function formattedClock(libc: Libc, format: string): () => string {
  const isFine = format.matchAll(FRACTION).some(([found]) => found !== "%%");
  let last = NaN;
  let text = "";
  return () => {
    const now = Date.now();
    const shown = isFine ? now : Math.floor(now / 1000);
    if (shown !== last) {
      last = shown;
      const full = isFine ? withFraction(format, now % 1000) : format;
      text = strftime(libc, full, Math.floor(now / 1000));
    }
    return text;
  };
}

function withFraction(format: string, milliseconds: number): string {
  const nanoseconds = `${String(milliseconds).padStart(3, "0")}000000`;
  return format.replaceAll(
    FRACTION,
    (found, digits) => found === "%%" ? found : nanoseconds.slice(0, Number(digits || 9)),
  );
}

function strftime(libc: Libc, format: string, now: number): string {
  seconds.setBigInt64(0, BigInt(now), true);
  libc.localtime_r(time, tm);
  return fromBytes(buffer.subarray(0, libc.strftime(buffer, buffer.length, cString(format), tm)));
}
