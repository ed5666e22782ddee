/**
 * What is reported of a path that cannot be watched.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { toText } from "../kernel/byte_string.ts";
import { InotifyError } from "../kernel/error.ts";
import { explainENOSPC } from "../kernel/limits.ts";
import { type ErrorEvent, errorEvent } from "./event.ts";
import type { ScanFailure } from "./scan.ts";

// errno(3)
const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;
const EMFILE = 24;
const ENOSPC = 28;

const REASONS: Record<number, string | undefined> = {
  [ENOENT]: "its file system says that it is there, and then that it is not",
  [EACCES]: "it, or a directory on the way to it, may not be read",
  [ENOTDIR]: "a part of the way to it is not a directory",
  [EMFILE]: "this process has as many open files as it may; raise the limit with: ulimit -n",
};

/** The event of a path that cannot be watched. */
export function unwatchable(libc: Libc, path: string, failure: ScanFailure): ErrorEvent {
  const shown = toText(path);
  const reason = failure.errno === ENOSPC ? explainENOSPC(libc) : REASONS[failure.errno];
  const error = new InotifyError(`watch ${JSON.stringify(shown)}`, reason, {
    ...failure,
    path: shown,
  });
  return errorEvent(path, error);
}
