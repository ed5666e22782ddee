/** A libc with scripted results, for what the kernel does not do on demand. */

import type { Libc, Waiter } from "../../ffi/contract.ts";
import { EAGAIN } from "../../ffi/errno.ts";

/** A libc that has the given members only; any other fails the test that uses it. */
export function fakeLibc(given: Partial<Libc>): Libc {
  return new Proxy(given as Libc, {
    get(target, name: keyof Libc) {
      if (name in target) return target[name];
      throw new Error(`the fake libc has no ${String(name)}`);
    },
  });
}

/** Clocks that only the test moves. Hand in {@link clock_gettime}. */
export class FakeClock {
  /** Of each clock by its number, in milliseconds. */
  readonly times: number[] = [0, 0];

  /** Moves all clocks. */
  advance(milliseconds: number): void {
    for (const clock of this.times.keys()) this.times[clock] += milliseconds;
  }

  readonly clock_gettime = (clock: number, tp: Uint8Array): number => {
    const milliseconds = this.times[clock];
    const timespec = new BigInt64Array(tp.buffer, tp.byteOffset, 2);
    timespec[0] = BigInt(Math.floor(milliseconds / 1000));
    timespec[1] = BigInt(Math.round(milliseconds % 1000 * 1e6));
    return 0;
  };
}

/** A strerror_r(3) that gives "Error 5" for 5. */
export function strerror_r(errnum: number, buf: Uint8Array): void {
  new TextEncoder().encodeInto(`Error ${errnum}\0`, buf);
}

/** What a scripted read(2) does: give bytes, or fail with an errno. */
export type Answer = Uint8Array | number;

/** A descriptor with a script, and a log of the calls on it, in order. */
export interface ScriptedFile {
  readonly libc: Libc;
  readonly clock: FakeClock;
  readonly log: string[];
  /** Ends the pending wait. */
  wake(bytes?: Uint8Array): void;
}

/** @param answers the results of successive reads; after the last, EAGAIN */
export function scriptedFile(...answers: Answer[]): ScriptedFile {
  const log: string[] = [];
  const clock = new FakeClock();
  let errno = 0;
  let waiting: ((bytes?: Uint8Array) => void) | undefined;
  const wake = (bytes?: Uint8Array) => {
    const ready = waiting!;
    waiting = undefined;
    ready(bytes);
  };
  const waiter: Waiter = {
    wait(ready) {
      log.push("wait");
      waiting = ready;
    },
    ref: () => void log.push("ref"),
    unref: () => void log.push("unref"),
    async release() {
      log.push("release");
      if (waiting !== undefined) wake();
      await Promise.resolve();
      log.push("released");
    },
  };
  const libc = fakeLibc({
    clock_gettime: clock.clock_gettime,
    strerror_r,
    errno: () => errno,
    read(_fd, buffer) {
      const answer = answers.shift() ?? EAGAIN;
      if (typeof answer === "number") {
        log.push(`read: errno ${answer}`);
        errno = answer;
        return -1;
      }
      log.push(`read: ${answer.length}`);
      buffer.set(answer);
      return answer.length;
    },
    waiter: () => Promise.resolve(waiter),
    closeOffThread() {
      log.push("close");
      return Promise.resolve();
    },
  });
  return { libc, clock, log, wake };
}
