/**
 * `InotifyError`: a failed system call, with its errno, call and path.
 *
 * @module
 */

import { errnoName } from "../../ffi/errno.ts";

/**
 * A failed system call. Use after close and a second reader are reported the same way, with the errno that
 * fits, although no call is made.
 *
 * @example
 * ```ts
 * import { IN_CREATE, Inotify, InotifyError } from "@inotify/inotify";
 * import { assert, assertEquals } from "@std/assert";
 *
 * await using inotify = new Inotify();
 * try {
 *   inotify.addWatch("/no/such/directory", IN_CREATE);
 * } catch (error) {
 *   assert(error instanceof InotifyError);
 *   assertEquals(error.code, "ENOENT");
 *   assertEquals(error.syscall, "inotify_add_watch");
 *   assertEquals(error.path, "/no/such/directory");
 * }
 * ```
 */
export class InotifyError extends Error {
  /** Always "InotifyError". */
  override readonly name = "InotifyError";
  /** The errno's name, such as "ENOENT". */
  readonly code: string;
  /** The errno, a positive number. */
  readonly errno: number;
  /** The C name of the function that failed. */
  readonly syscall: string;
  /** The path that was given, where the call takes one. */
  readonly path?: string;

  /**
   * For the library's own use.
   *
   * @param action what failed, such as "watch"
   * @param reason why, without its code
   * @param failure the call that failed
   */
  constructor(action: string, reason: string, failure: Failure) {
    const code = errnoName(failure.errno);
    super(`Cannot ${action}: ${reason} (${code})`);
    this.code = code;
    this.errno = failure.errno;
    this.syscall = failure.syscall;
    if (failure.path !== undefined) this.path = failure.path;
  }
}

/** The call that failed, and how. */
export interface Failure {
  /** The errno, a positive number. */
  readonly errno: number;
  /** The C name of the function. */
  readonly syscall: string;
  /** The path that was given to it. */
  readonly path?: string | undefined;
}
