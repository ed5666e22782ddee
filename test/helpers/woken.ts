/** A waiter's wait as a promise. */

import type { Waiter } from "../../ffi/contract.ts";

/** Resolves when the waiter calls back, with what it passes. */
export function woken(waiter: Waiter): Promise<Uint8Array | undefined> {
  return new Promise((...callbacks) => waiter.wait(...callbacks));
}
