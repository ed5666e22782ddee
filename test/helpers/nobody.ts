/** `NOBODY`: the receiver of a tree that gets no events from the kernel. */

import type { Receiver } from "../../src/engine/member.ts";

/** Ignores every event. */
export const NOBODY: Receiver = { event() {}, move() {} };
