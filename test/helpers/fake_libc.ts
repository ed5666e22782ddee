/** A libc with scripted results, for what the kernel does not do on demand. */

import type { Libc, Waiter } from "../../ffi/contract.ts";

/** A libc in which everything but what is given fails the test that reaches it. */
export function fakeLibc(given: Partial<Libc>): Libc {
  return new Proxy(given as Libc, {
    get(target, name: keyof Libc) {
      if (name in target) return target[name];
      throw new Error(`the fake libc has no ${String(name)}`);
    },
  });
}

/** What a scripted read(2) does: give bytes, or fail with an errno. */
export type Answer = Uint8Array | number;

/** A descriptor with a script, and a log of what was done with it, in order. */
export interface ScriptedFile {
  readonly libc: Libc;
  readonly log: string[];
  /** Ends the pending wait. */
  wake(bytes?: Uint8Array): void;
}

/** @param answers the results of successive reads; after the last, EAGAIN */
export function scriptedFile(...answers: Answer[]): ScriptedFile {
  const EAGAIN = 11;
  const log: string[] = [];
  let errno = 0;
  let waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  const wake = (bytes?: Uint8Array) => {
    const { resolve } = waiting!;
    waiting = undefined;
    resolve(bytes);
  };
  const waiter: Waiter = {
    wait() {
      log.push("wait");
      waiting = Promise.withResolvers();
      return waiting.promise;
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
  return { libc, log, wake };
}
