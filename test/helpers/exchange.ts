/** RENAME_EXCHANGE of rename(2), which no runtime offers. */

import { Buffer } from "node:buffer";
import { runtimeName } from "./runtime.ts";

const LIBC = "libc.so.6";
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

type RenameAt2 = (at: number, from: Buffer, to: number, path: Buffer, flags: number) => number;

interface Symbols {
  readonly renameat2: RenameAt2;
}

/** The used part of each runtime's FFI. */
interface Globals {
  readonly Deno: { dlopen(name: string, symbols: unknown): { readonly symbols: Symbols } };
  readonly process: {
    getBuiltinModule(name: string): {
      dlopen(name: string, symbols: unknown): {
        readonly symbols: Symbols;
        readonly functions: Symbols;
      };
    };
  };
}

/** Opens libc. */
const OPEN: Record<typeof runtimeName, (globals: Globals) => RenameAt2> = {
  deno: ({ Deno }) => {
    const renameat2 = { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" };
    return Deno.dlopen(LIBC, { renameat2 }).symbols.renameat2;
  },
  bun: ({ process }) => {
    const renameat2 = { args: ["i32", "ptr", "i32", "ptr", "u32"], returns: "i32" };
    return process.getBuiltinModule("bun:ffi").dlopen(LIBC, { renameat2 }).symbols.renameat2;
  },
  node: ({ process }) => {
    const renameat2 = { arguments: ["i32", "buffer", "i32", "buffer", "u32"], return: "i32" };
    return process.getBuiltinModule("node:ffi").dlopen(LIBC, { renameat2 }).functions.renameat2;
  },
};

let renameat2: RenameAt2 | undefined;

/** Exchanges two entries atomically. */
export function exchange(a: string, b: string): void {
  renameat2 ??= OPEN[runtimeName](globalThis as unknown as Globals);
  const [from, to] = [a, b].map((path) => Buffer.from(`${path}\0`));
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) !== 0) {
    throw new Error(`cannot exchange ${a} and ${b}`);
  }
}
