/**
 * Waiting for nothing but time, real time: what is on the disk goes on, whatever a test has put in the place
 * of timers for the program that it tests (`mock.timers` of node:test, @sinonjs/fake-timers, vitest, jest).
 * So the timers are those that there are when the module is loaded; and no clock of JavaScript is used, but
 * {@link Libc.clock_gettime}.
 *
 * @module
 */

const { setTimeout, clearTimeout, MessageChannel } = globalThis;
const isDeno = "Deno" in globalThis;
// Deno loads its Node layer for it, which takes longer than all the rest of a start; and fakes it inside.
const setImmediate = isDeno ? undefined : globalThis.setImmediate;

/** Calls back in a turn of the event loop to come, when timers and descriptors that are due had theirs. */
export function soon(callback: () => void): void {
  if (setImmediate !== undefined) return void setImmediate(callback);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    close(port1, port2);
    callback();
  };
  port2.postMessage(undefined);
}

/** Lets the event loop have a turn. */
export function turn(): Promise<void> {
  return new Promise(soon);
}

/** @param milliseconds at least */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void after(milliseconds, resolve));
}

/**
 * Calls back after some milliseconds, at least; until then the process lives.
 *
 * @returns what forgets it
 */
export function after(milliseconds: number, callback: () => void): () => void {
  if (isStopped()) return sleep(milliseconds, callback);
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
}

/**
 * Whether it has not helped to take the timers early: those of Deno and Bun ask a fake inside. Bun marks them
 * then, for libraries to see; Deno replaces them as well.
 */
function isStopped(): boolean {
  return Object.hasOwn(setTimeout, "clock") || isDeno && globalThis.setTimeout !== setTimeout;
}

/** As {@link after}, by a wait for what nobody does; a channel keeps the process alive meanwhile. */
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
