/**
 * Importing this module puts `watch()` and `promises.watch()` of `@inotify/inotify/fs` in the place of those of
 * node:fs, for the whole program. Import it before everything else: by `node --import`, `bun --preload` or
 * `deno run --preload`.
 *
 * ```ts
 * import { unregister } from "@inotify/inotify/fs/register";
 * import fs from "node:fs";
 *
 * const watcher = fs.watch(".", { recursive: true }); // of this package
 * watcher.close();
 * unregister();
 * ```
 *
 * It throws if the system is not Linux, or the runtime has no usable FFI. What imports `watch` by its name from node:fs
 * gets the new one on Node.js; on Bun if nothing has imported node:fs before this module; on Deno, with 2.9, if it is
 * loaded after this module.
 *
 * @module
 */

import { builtin, exportReplaced } from "../../ffi/builtin.ts";
import { libc } from "../../ffi/libc.ts";
import { debug } from "../kernel/debug.ts";
import { promises, watch } from "./fs.ts";

libc(); // fails here, and not at the first watch

const fs = builtin<{ watch: unknown; promises: { watch: unknown } }>("node:fs");
const original = { watch: fs.watch, promised: fs.promises.watch };
fs.watch = watch;
fs.promises.watch = promises.watch;
const exportOriginal = exportReplaced(["fs", "fs/promises"]);
debug?.("fs", "watch() and promises.watch() of node:fs are replaced");

/**
 * Puts the functions of node:fs back, unless something else has replaced them meanwhile. Watchers that are open stay
 * so. On Bun and Deno, what imports the functions by name keeps those of this package.
 *
 * @example
 * ```ts
 * import { unregister } from "@inotify/inotify/fs/register";
 * import fs from "node:fs";
 *
 * const { watch } = fs;
 * unregister();
 * console.log(fs.watch === watch); // false
 * ```
 */
export function unregister(): void {
  if (fs.watch === watch) fs.watch = original.watch;
  if (fs.promises.watch === promises.watch) fs.promises.watch = original.promised;
  exportOriginal();
  debug?.("fs", "watch() and promises.watch() of node:fs are back");
}
