/** Who receives the events of a tree that no kernel knows of. */

import type { Receiver } from "../../src/engine/instance.ts";

/** Gets nothing. */
export const NOBODY: Receiver = { event() {}, move() {} };
