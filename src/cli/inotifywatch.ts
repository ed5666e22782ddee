/**
 * The `inotifywatch` command: counts events for a while. A drop-in replacement for that of inotify-tools.
 *
 * @module
 */

import { commandLineArguments, exit, keepCompiled } from "../../ffi/program.ts";

/**
 * Runs the command.
 *
 * @param args the command line, without the program
 * @returns the exit code
 *
 * @example
 * ```ts
 * import { main } from "@inotify/inotify/inotifywatch";
 *
 * const directory = await Deno.makeTempDir();
 * console.log(await main(["--timeout", "1", directory])); // 0
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const { run } = await import("./inotifytools/inotifywatch.ts");
  return await run(args);
}

if (import.meta.main) {
  keepCompiled();
  exit(await main(commandLineArguments()));
}
