/**
 * What the kernel says no with.
 *
 * @module
 */

import { errnoName } from "./errno.ts";
import { strerror } from "./strerror.ts";

/**
 * A system call that failed, or that would: use after close and a second reader are told in the same
 * way, with the errno that fits.
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
  /** The errno's name, as in "ENOENT". */
  readonly code: string;
  /** The errno, a positive number. */
  readonly errno: number;
  /** The function's C name. */
  readonly syscall: string;
  /** The path that was given, where the call takes one. */
  readonly path?: string;

  /**
   * The library makes these; there is no use for it elsewhere.
   *
   * @param action what failed, as in "watch"
   * @param reason why, without its code, or `undefined` for what the C library says of it
   */
  constructor(action: string, reason: string | undefined, failure: Failure) {
    const code = errnoName(failure.errno);
    super(`Cannot ${action}: ${reason ?? reasonOf(failure.errno)} (${code})`);
    this.code = code;
    this.errno = failure.errno;
    this.syscall = failure.syscall;
    if (failure.path !== undefined) this.path = failure.path;
  }
}

/** Which call failed, and how. */
export interface Failure {
  /** The errno, a positive number. */
  readonly errno: number;
  /** The function's C name. */
  readonly syscall: string;
  /** The path that was given to it. */
  readonly path?: string | undefined;
}

/** What the C library says of an errno, to go on with in a sentence. */
function reasonOf(errno: number): string {
  try {
    const text = strerror(errno);
    return text.charAt(0).toLowerCase() + text.slice(1);
  } catch {
    // Deno opens a file for each function, and there may be too many; or it may not any more.
    return errorMessage(errno) ?? "the system call failed";
  }
}

/** What node:util says of an errno. */
function errorMessage(errno: number): string | undefined {
  // Not imported: a failure is rare, and loading node:util costs Deno milliseconds at each start.
  const { process } = globalThis as unknown as {
    process: {
      getBuiltinModule(
        name: "node:util",
      ): { getSystemErrorMessage?(errno: number): string | undefined };
    };
  };
  return process.getBuiltinModule("node:util").getSystemErrorMessage?.(-errno);
}
