/**
 * The running program: its arguments, environment, permissions and end. On Deno by Deno's own functions, since
 * loading `process` there takes as long as the rest of a start.
 *
 * @module
 */

/** A permission of Deno. */
type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "read"; readonly path?: string };

/** The part of the global objects that this file uses. */
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

/** Whether the runtime lets the program read a path. Never prompts. */
export function mayRead(path: string): boolean {
  // All paths first: Deno keeps a record of each single query.
  if (globals.Deno !== undefined) {
    return isGranted({ name: "read" }) || isGranted({ name: "read", path });
  }
  return globals.process.permission?.has("fs.read", path) ?? true;
}

/** An environment variable, or `false` if the runtime does not let the program read it. Never prompts. */
export function variable(name: string): string | undefined | false {
  if (!isGranted({ name: "env", variable: name })) return false;
  return globals.Deno === undefined ? globals.process.env[name] : globals.Deno.env.get(name);
}

/** Milliseconds since the program began, for messages only: a user's test may replace this clock. */
export function uptime(): number {
  return performance.now();
}

function isGranted(permission: Permission): boolean {
  return (globals.Deno?.permissions.querySync(permission).state ?? "granted") === "granted";
}

/**
 * Makes Node.js cache the compiled form of modules that are imported from now on, in the system's directory for
 * temporary files: to strip types from a module takes longer than anything else at a start. Has no effect if
 * NODE_DISABLE_COMPILE_CACHE is set.
 */
export function keepCompiled(): void {
  if (globals.Deno !== undefined || globals.Bun !== undefined) return;
  const { enableCompileCache, flushCompileCache } = globals.process.getBuiltinModule("node:module");
  enableCompileCache();
  // Node writes the cache when the process ends, but not if a signal ends it.
  const timer = setTimeout(flushCompileCache, 1000) as unknown as { unref(): void };
  timer.unref();
}
