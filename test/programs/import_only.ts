/** Imports the module with every way to libc barred, and says when that has worked. */

import process from "node:process";

const barred = () => {
  throw new Error("the import of mod.ts has opened something");
};
const { Deno } = globalThis as unknown as { Deno?: object };
if (Deno !== undefined) Object.assign(Deno, { dlopen: barred });
process.getBuiltinModule = barred;

await import("../../mod.ts");
console.log("imported");
