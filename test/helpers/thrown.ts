/** Errors as plain data, so that a test can compare all properties at once. */

import assert from "node:assert/strict";

/** @returns an error's name, message and own properties */
export function report(error: unknown): Record<string, unknown> {
  assert.ok(error instanceof Error, `not an error: ${String(error)}`);
  const { code, errno, syscall, path } = error as unknown as Record<string, unknown>;
  const all = { name: error.name, message: error.message, code, errno, syscall, path };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** @returns the {@link report} of the error that a function throws */
export function thrown(action: () => unknown): Record<string, unknown> {
  try {
    action();
  } catch (error) {
    return report(error);
  }
  throw new Error("nothing was thrown");
}
