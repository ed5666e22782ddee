/** System calls of the module, with something else before one of them, or with another answer. */

import type { Libc } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { IN_Q_OVERFLOW } from "../../mod.ts";

/** The calls that see something of the file system, or hold it. */
const CALLS = [
  "inotify_add_watch",
  "inotify_rm_watch",
  "read",
  "open",
  "getdents64",
  "readlink",
  "statx",
  "close",
] as const satisfies readonly (keyof Libc)[];

/** Ends when it is disposed of. */
export interface Interposition extends Disposable {
  /** Whether it has come to it. */
  readonly happened: boolean;
}

/** Does something before the n-th call from now on, counted from 0. */
export function before(n: number, something: () => void): Interposition {
  const c = libc();
  const originals = Object.fromEntries(CALLS.map((name) => [name, c[name]]));
  let calls = 0;
  for (const name of CALLS) {
    const original = c[name] as (...args: unknown[]) => number;
    Object.assign(c, {
      [name]: (...args: unknown[]) => {
        if (calls++ === n) something();
        return original(...args);
      },
    });
  }
  return {
    get happened() {
      return calls > n;
    },
    [Symbol.dispose]: () => void Object.assign(c, originals),
  };
}

/** The next time that the module reads, it reads that events are lost. */
export function loseEvents(): void {
  const c = libc();
  const { read } = c;
  c.read = (_fd, buffer) => {
    c.read = read;
    const record = new DataView(buffer.buffer, buffer.byteOffset, 16);
    record.setInt32(0, -1, true);
    record.setUint32(4, IN_Q_OVERFLOW, true);
    record.setBigUint64(8, 0n, true);
    return record.byteLength;
  };
}
