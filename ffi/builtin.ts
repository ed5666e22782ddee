/**
 * Built-in modules of which a function has been replaced.
 *
 * @module
 */

/** The part of the global objects and of node:module that this file uses. */
interface Globals {
  readonly Deno?: object;
  readonly process: {
    getBuiltinModule(name: "node:module"): {
      syncBuiltinESMExports?(): void;
      registerHooks?(hooks: { resolve: Resolve }): { deregister(): void };
    };
    getBuiltinModule<T>(name: string): T;
  };
}

/** A hook of node:module, by which a specifier gets its URL. */
type Resolve = (
  specifier: string,
  context: { readonly conditions?: readonly string[] },
  next: (specifier: string, context: object) => object,
) => object;

const globals = globalThis as unknown as Globals;

/** A built-in module as an object that can be written to, the same for all that require() or import it by default. */
export function builtin<T extends object>(name: string): T {
  return globals.process.getBuiltinModule<T>(name);
}

/**
 * Makes modules that import replaced functions by their names get the new ones:
 *
 * - on Node.js, all modules;
 * - on Bun, if no module has imported the built-in module before, since Bun reads the names at the first import;
 * - on Deno, modules that are loaded from now on: Deno never reads the names again, so they are exported anew.
 *
 * @param names the built-in modules, without "node:"
 * @returns a function to call when the original functions are back
 */
export function exportReplaced(names: readonly string[]): () => void {
  const { syncBuiltinESMExports, registerHooks } = globals.process.getBuiltinModule("node:module");
  if (globals.Deno === undefined) {
    syncBuiltinESMExports?.();
    return () => syncBuiltinESMExports?.();
  }
  const urls = new Map(names.flatMap((name) => {
    const url = moduleOf(`node:${name}`);
    return [[name, url], [`node:${name}`, url]];
  }));
  const hooks = registerHooks?.({
    resolve: (specifier, context, next) => {
      const url = context.conditions?.includes("import") ? urls.get(specifier) : undefined;
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
  return () => hooks?.deregister();
}

/** The URL of a module that exports what a built-in module has now. */
function moduleOf(name: string): string {
  const keys = Object.keys(builtin(name)).filter((key) => /^\w+$/.test(key) && key !== "default");
  const source = `const builtin = process.getBuiltinModule("${name}");
export default builtin;
export const { ${keys.join(", ")} } = builtin;`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
