/**
 * How changes of files are reported that the kernel does not report as changes.
 *
 * @module
 */

import { IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY } from "../kernel/mask.ts";
import type { EntryKind } from "./event.ts";

/** What is reported. */
export interface Wanted {
  /** The content events that are wanted: bits of {@link CONTENT_KINDS}. */
  readonly content: number;
  /** Whether renames are wanted. If not, each is a removal and a creation. */
  readonly renames: boolean;
  /** Whether creations are wanted. */
  readonly creations: boolean;
}

/** How changes are reported that nobody has seen. `closeWrite` is not among them: see completion.ts. */
export interface ChangeKinds {
  /** Whether renames are; if not, each is a removal and a creation. */
  readonly renames: boolean;
  /** The kinds that report a file that may have changed. */
  readonly changes: readonly EntryKind[];
  /** The kinds that report a file that took the place of another one. */
  readonly replacement: readonly EntryKind[];
  /** Likewise, of one that is not complete: only `closeWrite` would report it, which a link does not have. */
  readonly incomplete: readonly EntryKind[];
}

/** How changes are reported for somebody. */
export function changeKinds({ content, renames, creations }: Wanted): ChangeKinds {
  const changes: EntryKind[] = [];
  if (content & IN_MODIFY) changes.push("modify");
  if (content & IN_ATTRIB) changes.push("attrib");
  const isReported = changes.length > 0 || (content & IN_CLOSE_WRITE) !== 0;
  const others: readonly EntryKind[] = creations ? ["remove", "create"] : [];
  return {
    renames,
    changes,
    replacement: isReported ? changes : others,
    incomplete: changes.length > 0 ? changes : others,
  };
}
