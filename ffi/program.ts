/**
 * The program that runs, as its runtime knows it. Deno's own names for this cost a fraction of a
 * millisecond; `process` there costs as much as all the rest of a start.
 *
 * @module
 */

/** The part of the global objects that is used. */
interface Globals {
  readonly Deno?: { readonly args: string[]; exit(code: number): never };
  readonly Bun?: object;
  readonly process: {
    readonly argv: string[];
    exit(code: number): never;
    getBuiltinModule(name: "node:module"): {
      enableCompileCache(): void;
      flushCompileCache(): void;
    };
  };
}

const globals = globalThis as unknown as Globals;

/** The command line, without the runtime and the program. */
export function commandLineArguments(): string[] {
  return globals.Deno?.args ?? globals.process.argv.slice(2);
}

/** Ends the program. */
export function exit(code: number): never {
  return globals.Deno === undefined ? globals.process.exit(code) : globals.Deno.exit(code);
}

/**
 * Has Node.js keep what it compiles from what is imported from now on, in the system's directory for
 * temporary files: taking the types out of a module takes it longer than anything else of a start. Where
 * NODE_DISABLE_COMPILE_CACHE is set it does nothing.
 */
export function keepCompiled(): void {
  if (globals.Deno !== undefined || globals.Bun !== undefined) return;
  const { enableCompileCache, flushCompileCache } = globals.process.getBuiltinModule("node:module");
  enableCompileCache();
  // By itself it is written at the end, and not if a signal is that end.
  const timer = setTimeout(flushCompileCache, 1000) as unknown as { unref(): void };
  timer.unref();
}
