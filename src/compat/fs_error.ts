/**
 * The errors of node:fs, by their codes.
 *
 * @module
 */

import { ENOSPC } from "../../ffi/errno.ts";
import { getSystemErrorMap } from "node:util";

/** An error with a code of Node.js, such as "ERR_INVALID_ARG_TYPE". */
export function withCode<T extends Error>(error: T, code: string): T & { readonly code: string } {
  return Object.assign(error, { code });
}

/** An argument of the wrong type. @param what its name, with "argument" or "property" */
export function wrongType(what: string, expected: string, value: unknown): Error {
  const received = value === null || value === undefined ? value : `type ${typeof value}`;
  return withCode(
    new TypeError(`The ${what} must be ${expected}. Received ${received}`),
    "ERR_INVALID_ARG_TYPE",
  );
}

/** An argument of the right type with a value that means nothing. */
export function wrongValue(what: string, expected: string, value: unknown): Error {
  return withCode(
    new TypeError(`The ${what} ${expected}. Received ${JSON.stringify(value)}`),
    "ERR_INVALID_ARG_VALUE",
  );
}

/** The loop of `promises.watch()` was too slow, and has asked for an error. */
export function queueOverflow(maxQueue: number): Error {
  const error = new Error(`fs.watch() queued more than ${maxQueue} events`);
  return withCode(error, "ERR_FS_WATCH_QUEUE_OVERFLOW");
}

/** A signal has ended the loop of `promises.watch()`. */
export class AbortError extends Error {
  override readonly name = "AbortError";
  readonly code = "ABORT_ERR";

  constructor(cause: unknown) {
    super("The operation was aborted", { cause });
  }
}

/** Why a path cannot be watched. @param cause has the errno, positive; anything else is returned as it is */
export function systemError(cause: unknown, path: string): unknown {
  if (!(cause instanceof Error && "errno" in cause && typeof cause.errno === "number")) {
    return cause;
  }
  const errno = -cause.errno;
  const [code, reason] = getSystemErrorMap().get(errno) ?? ["UNKNOWN", cause.message];
  const shown = cause.errno === ENOSPC
    ? "System limit for number of file watchers reached"
    : reason;
  const error = new Error(`${code}: ${shown}, watch '${path}'`, { cause });
  return Object.assign(error, { errno, code, syscall: "watch", path, filename: path });
}
