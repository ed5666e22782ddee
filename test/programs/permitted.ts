/**
 * Prints what becomes of watching each of the paths in argv, as JSON: `{ refused }` with the code of an
 * error, and the flags that it speaks of; or `{ told }` with the paths of what there is. The first argument
 * is the options, as JSON.
 */

import process from "node:process";
import { InotifyError, watch } from "../../mod.ts";

const [options, ...paths] = process.argv.slice(2);
for (const path of paths) console.log(JSON.stringify(await look(path)));
process.exit();

async function look(
  path: string,
): Promise<{ refused: string; flags: string[] } | { told: string[] }> {
  const told: string[] = [];
  try {
    await using watcher = watch(path, { initial: true, ...JSON.parse(options) });
    const loop = (async () => {
      for await (const event of watcher) {
        if (event.kind !== "overflow") told.push(`${event.kind} ${event.path}`);
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
