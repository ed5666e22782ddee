/**
 * Watches each path in argv, after the options as JSON, and prints a line of JSON for each: `{ refused }`
 * with the code of an error and the flags in its message, or `{ told }` with the events.
 */

import process from "node:process";
import { InotifyError, watch } from "../../mod.ts";

const [options, ...paths] = process.argv.slice(2);
for (const path of paths) console.log(JSON.stringify(await tryWatch(path)));
process.exit();

async function tryWatch(
  path: string,
): Promise<{ refused: string; flags: string[] } | { told: string[] }> {
  const told: string[] = [];
  try {
    await using watcher = watch(path, { initial: true, ...JSON.parse(options) });
    const loop = (async () => {
      for await (const event of watcher) {
        if ("path" in event) told.push(`${event.kind} ${event.path}`);
      }
    })();
    await Promise.all([watcher.ready, Promise.race([loop, watcher.ready])]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { told: told.sort() };
  } catch (error) {
    if (!(error instanceof InotifyError)) throw error;
    return { refused: error.code, flags: error.message.match(/--[\w-]+/g) ?? [] };
  }
}
