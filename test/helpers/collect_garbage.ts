/** Garbage collection on demand. */

import { setTimeout as delay } from "node:timers/promises";
import { runtimeName } from "./runtime.ts";

/** The runtime's flags with which a program may call {@link collectGarbage}. */
export const GC_FLAGS: readonly string[] = {
  deno: ["run", "-A", "--no-check", "--v8-flags=--expose-gc"],
  bun: [],
  node: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
}[runtimeName];

const { Bun, gc } = globalThis as unknown as {
  Bun?: { gc(force: true): void };
  gc?: () => void;
};

/** Collects all garbage; repeatedly, since a finalizer may create more. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    if (Bun !== undefined) Bun.gc(true);
    else gc!();
    await delay(20);
  }
}
