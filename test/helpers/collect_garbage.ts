/** Garbage, collected when a test wants it. */

import { setTimeout as delay } from "node:timers/promises";
import { runtimeName } from "./runtime.ts";

/** Flags that let a program {@link collectGarbage}. */
export const GC_FLAGS: readonly string[] = {
  deno: ["run", "-A", "--no-check", "--v8-flags=--expose-gc"],
  bun: [],
  node: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
}[runtimeName];

const { Bun, gc } = globalThis as unknown as {
  Bun?: { gc(force: true): void };
  gc?: () => void;
};

/** Has everything collected that nothing refers to, and all that follows from it. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    if (Bun !== undefined) Bun.gc(true);
    else gc!();
    await delay(20);
  }
}
