/**
 * The three parties of an instance: who owns a watch, who receives its events, and for whom it is kept open.
 *
 * @module
 */

import type { InotifyEvent } from "../kernel/parse.ts";
import type { MountTable } from "./mounts.ts";
import type { Move } from "./renames.ts";

/** Who owns a watch, and who receives its events. */
export interface Owner {
  readonly receiver: Receiver;
}

/** Receives the events of the watches of its owners. */
export interface Receiver {
  /** An event, for each owner of its watch; with `IN_IGNORED`, which ends the watch, the last one. */
  event(event: InotifyEvent, owner: Owner): void;
  /** A rename; one of its owners has the watch of at least one half. */
  move(move: Move): void;
}

/** For whom the instance is kept open. */
export interface Member extends Receiver {
  /** Events are lost: anything may have changed since the kernel's queue was last seen empty. */
  overflow(): void;
  /** Mounts have come or gone, or have other paths. */
  remounted(before: MountTable, now: MountTable): void;
  /** The instance has failed, and is closed. */
  fail(error: unknown): void;
  /** Works for a few milliseconds, as it asked for by `Instance.schedule()`. @returns whether there was work to do */
  work(): boolean;
}
