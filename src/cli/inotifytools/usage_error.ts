/**
 * `UsageError`: a command line that is refused.
 *
 * @module
 */

import { strerror } from "../../kernel/strerror.ts";

/** A command line that is refused. The message is for the user, and may have several lines. */
export class UsageError extends Error {}

/** Why a call of node:fs failed, in the words of the C library. */
export function reasonOf(error: Error & { errno?: number }): string {
  const { errno } = error;
  return typeof errno === "number" ? strerror(Math.abs(errno)) : error.message;
}
