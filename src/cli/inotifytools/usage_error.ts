/**
 * `UsageError`: a command line that is refused.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { strerror } from "../../kernel/reason.ts";

/** A command line that is refused. The message is for the user, and may have several lines. */
export class UsageError extends Error {}

/** Why a call of node:fs failed, in the words of the C library. */
export function reasonOf(libc: Libc, error: Error & { errno?: number }): string {
  const { errno } = error;
  return typeof errno === "number" ? strerror(libc, Math.abs(errno)) : error.message;
}
