/**
 * `libc()`: the backend of the current runtime, chosen at first use.
 *
 * @module
 */

import { openBun } from "./bun.ts";
import type { Libc } from "./contract.ts";
import { openDeno } from "./deno.ts";
import { openNode } from "./node.ts";

/** The lowest versions that work; each backend gives the reason. */
const LOWEST = { Deno: "2.7.6", Bun: "1.4.0", Node: "26.9.0" } as const;

/** The global objects that identify the runtime. */
interface Globals {
  readonly Deno?: {
    readonly version: { readonly deno: string };
    readonly build: { readonly os: string };
  };
  readonly Bun?: { readonly version: string };
  readonly process?: { readonly platform: string; readonly versions: { readonly node?: string } };
}

let opened: Libc | undefined;

/**
 * The libc of this process, opened at the first call.
 *
 * @throws {Error} if this is not Linux, or the runtime has no usable FFI; the message says what is missing and
 * what to do. The next call tries again.
 */
export function libc(): Libc {
  return opened ??= choose(globalThis as Globals)();
}

/**
 * The factory of the backend for a runtime with these globals.
 *
 * @throws {Error} if no backend supports it
 */
export function choose(globals: Globals): () => Libc {
  // Deno and Bun also have `process.versions.node`, so they come first. Deno's `process` is not read: it loads
  // Deno's Node layer, which takes longer than the rest of a start.
  const { Deno } = globals;
  if (Deno?.version?.deno !== undefined) {
    requireLinux(Deno.build.os);
    requireVersion("Deno", Deno.version.deno);
    return openDeno;
  }
  const { Bun, process } = globals;
  if (Bun?.version !== undefined) {
    requireLinux(process?.platform);
    requireVersion("Bun", Bun.version);
    return openBun;
  }
  if (process?.versions?.node !== undefined) {
    requireLinux(process.platform);
    requireVersion("Node", process.versions.node);
    return openNode;
  }
  throw new Error("Cannot use inotify: this is neither Deno nor Bun nor Node.js");
}

function requireLinux(os: string | undefined): void {
  if (os !== "linux") {
    throw new Error(`Cannot use inotify: it is part of Linux, and this is ${os}`);
  }
}

function requireVersion(runtime: keyof typeof LOWEST, version: string): void {
  const lowest = LOWEST[runtime].split(".");
  const parts = version.split(/[.+-]/);
  for (let i = 0; i < lowest.length; i++) {
    const difference = Number(parts[i]) - Number(lowest[i]);
    if (difference > 0) return;
    if (difference !== 0) { // NaN too
      throw new Error(
        `Cannot use inotify: it needs ${runtime} ${
          LOWEST[runtime]
        } or later, and this is ${runtime} ${version}`,
      );
    }
  }
}
