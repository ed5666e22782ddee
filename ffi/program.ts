/**
 * The program that runs, as its runtime knows it. Deno's own names for this cost a fraction of a
 * millisecond; `process` there costs as much as all the rest of a start.
 *
 * @module
 */

/** What a runtime may have to permit. */
type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "read"; readonly path?: string };

/** The part of the global objects that is used. */
interface Globals {
  readonly Deno?: {
    readonly args: string[];
    readonly env: { get(name: string): string | undefined };
    readonly permissions: { querySync(what: Permission): { readonly state: string } };
    exit(code: number): never;
  };
  readonly Bun?: object;
  readonly process: {
    readonly argv: string[];
    readonly env: Record<string, string | undefined>;
    readonly permission?: { has(scope: string, reference?: string): boolean };
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

/** Whether the runtime lets the program read what is at a path. Nobody is asked. */
export function mayRead(path: string): boolean {
  // In general first: Deno remembers each path that it is asked of.
  if (globals.Deno !== undefined) {
    return isGranted({ name: "read" }) || isGranted({ name: "read", path });
  }
  return globals.process.permission?.has("fs.read", path) ?? true;
}

/** A variable of the environment, or `false` if the runtime does not let the program read it. Nobody is asked. */
export function variable(name: string): string | undefined | false {
  if (!isGranted({ name: "env", variable: name })) return false;
  return globals.Deno === undefined ? globals.process.env[name] : globals.Deno.env.get(name);
}

function isGranted(permission: Permission): boolean {
  return (globals.Deno?.permissions.querySync(permission).state ?? "granted") === "granted";
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
