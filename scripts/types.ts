/**
 * Holds what ffi/ declares of the runtimes by itself against their real types. For tsc only: Deno does
 * not know the names.
 */

import type * as nodeFfi from "node:ffi";
import type { BunGlobals } from "../ffi/bun_stream.ts";
import type { NodeFfi } from "../ffi/node.ts";

/** What Bun has is assignable to what we say it has. */
export const bun: (real: typeof globalThis) => BunGlobals = (real) => real;

/** `dlopen` by its arguments only: the callbacks' generic type has no plain equal. */
type PlainNodeFfi = Omit<NodeFfi, "dlopen"> & {
  dlopen(...args: Parameters<NodeFfi["dlopen"]>): unknown;
};

/** What Node.js has is assignable to what we say it has. */
export const node: (real: typeof nodeFfi) => PlainNodeFfi = (real) => real;
