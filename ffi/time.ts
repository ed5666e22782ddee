/**
 * Timers in real time, even if a user's tests replace the global ones (`mock.timers` of node:test,
 * @sinonjs/fake-timers, vitest, jest): the disk does not stop with a fake clock. So this module keeps the timers
 * that exist when it is loaded. For the same reason the library reads no clock of JavaScript; see
 * src/kernel/clock.ts.
 *
 * @module
 */

const { setTimeout, clearTimeout, MessageChannel } = globalThis;
const isDeno = "Deno" in globalThis;
// On Deno it loads the Node layer, which takes longer than the rest of a start, and can be faked.
const setImmediate = isDeno ? undefined : globalThis.setImmediate;
const settled = Promise.resolve();
const nextTick = isDeno ? queueMicrotask : globalThis.process.nextTick;

/** Calls back in a later turn of the event loop, after timers and descriptors that are due. */
export function soon(callback: () => void): void {
  if (setImmediate !== undefined) return void setImmediate(callback);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    close(port1, port2);
    callback();
  };
  port2.postMessage(undefined);
}

/** Calls back when no settled promise has a callback left to run, before the event loop goes on. Not on Deno. */
export function afterPromises(callback: () => void): void {
  void settled.then(() => nextTick(callback)); // not queueMicrotask(), which is slow on Node.js
}

/** Resolves in a later turn of the event loop; see {@link soon}. */
export function turn(): Promise<void> {
  return new Promise(soon);
}

/** Resolves after at least so many milliseconds. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void after(milliseconds, resolve));
}

/**
 * Calls back after at least so many milliseconds.
 *
 * @param isRef whether that keeps the process alive
 * @returns a function that cancels it
 */
export function after(milliseconds: number, callback: () => void, isRef = true): () => void {
  if (isStopped()) return sleep(milliseconds, callback);
  const timer = setTimeout(callback, milliseconds);
  if (!isRef) unref(timer);
  return () => clearTimeout(timer);
}

/** Lets the process end before a timer is due. */
function unref(timer: unknown): void {
  if (isDeno) globalThis.Deno.unrefTimer(timer as number);
  else (timer as { unref(): void }).unref();
}

/**
 * Whether even the timers that were kept are fake: those of Deno and Bun can be faked from inside. Bun marks
 * them with `clock`; Deno replaces the global ones, too.
 */
function isStopped(): boolean {
  return Object.hasOwn(setTimeout, "clock") || isDeno && globalThis.setTimeout !== setTimeout;
}

/** As {@link after}, by the timeout of Atomics.waitAsync(); an open channel keeps the process alive. */
function sleep(milliseconds: number, callback: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {};
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const { value } = Atomics.waitAsync(nobody, 0, 0, Math.max(1, milliseconds));
  void Promise.resolve(value).then((why) => {
    close(port1, port2);
    if (why === "timed-out") callback();
  });
  return () => void Atomics.notify(nobody, 0);
}

/** Closes both ends of a channel: Deno keeps 5 KiB for an end that is left open, collected or not. */
function close(...ports: MessagePort[]): void {
  for (const port of ports) port.close();
}
