/**
 * What is reported of a path that cannot be watched.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { toText } from "../kernel/byte_string.ts";
import { InotifyError } from "../kernel/error.ts";
import { reasonFor } from "../kernel/reason.ts";
import { type ErrorEvent, errorEvent } from "./event.ts";
import type { ScanFailure } from "./scan.ts";

/** The event of a path that cannot be watched. */
export function unwatchable(libc: Libc, path: string, failure: ScanFailure): ErrorEvent {
  const shown = toText(path);
  const reason = reasonFor(libc, failure.errno, "cover path");
  const error = new InotifyError(`watch ${JSON.stringify(shown)}`, reason, {
    ...failure,
    path: shown,
  });
  return errorEvent(path, error);
}
