/**
 * Checks the types that ffi/ declares for the runtimes against their own. For tsc only: Deno does not
 * resolve these imports.
 */

import type * as nodeFfi from "node:ffi";
import type { BunGlobals } from "../ffi/bun_stream.ts";
import type { NodeFfi } from "../ffi/node.ts";

/** Bun's own types are assignable to ours. */
export const bun: (real: typeof globalThis) => BunGlobals = (real) => real;

/** Only the arguments of `dlopen` are compared: its result is generic. */
type PlainNodeFfi = Omit<NodeFfi, "dlopen"> & {
  dlopen(...args: Parameters<NodeFfi["dlopen"]>): unknown;
};

/** The types of Node.js are assignable to ours. */
export const node: (real: typeof nodeFfi) => PlainNodeFfi = (real) => real;
