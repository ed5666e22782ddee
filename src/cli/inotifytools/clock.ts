/**
 * The time of day as strftime(3) writes it.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { cString, fromBytes } from "../../kernel/byte_string.ts";

/** What date(1) has beyond strftime(3): `%N`, nanoseconds, and `%3N`, their first three digits. */
const FRACTION = /%(?:%|(?<digits>[1-9]?)N)/g;

const time = new Uint8Array(8);
const seconds = new DataView(time.buffer);
const tm = new Uint8Array(64);
const buffer = new Uint8Array(4096);

/**
 * Makes a clock.
 *
 * @param format of strftime(3), and `%N`; milliseconds are the finest that it knows
 * @returns the time now; "" if the format gives nothing
 */
export function clock(format: string): () => string {
  const fine = format.matchAll(FRACTION).some(([found]) => found !== "%%");
  let last = NaN;
  let text = "";
  return () => {
    const now = Date.now();
    const moment = fine ? now : Math.floor(now / 1000);
    if (moment !== last) {
      last = moment;
      text = strftime(fine ? withFraction(format, now % 1000) : format, Math.floor(now / 1000));
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

function strftime(format: string, now: number): string {
  const { localtime_r, strftime } = libc();
  seconds.setBigInt64(0, BigInt(now), true);
  localtime_r(time, tm);
  return fromBytes(buffer.subarray(0, strftime(buffer, buffer.length, cString(format), tm)));
}
