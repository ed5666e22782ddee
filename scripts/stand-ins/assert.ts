/** The used part of `jsr:@std/assert`, for machines where that does not resolve. */

import nodeAssert from "node:assert/strict";

/** Fails unless `condition` is truthy. */
export function assert(condition: unknown, message?: string): asserts condition {
  nodeAssert.ok(condition, message);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

/** Fails unless the call throws. */
export function assertThrows(call: () => unknown): void {
  nodeAssert.throws(call);
}
