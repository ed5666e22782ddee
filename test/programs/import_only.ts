/** Imports the module while any opening of libc throws, and prints "imported". */

import process from "node:process";

const barred = () => {
  throw new Error("the import of mod.ts opens libc");
};
const { Deno } = globalThis as unknown as { Deno?: object };
if (Deno !== undefined) Object.assign(Deno, { dlopen: barred });
process.getBuiltinModule = barred;

await import("../../mod.ts");
console.log("imported");
