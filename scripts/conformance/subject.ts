/**
 * A watcher that does as it is told, and tells what it is told.
 *
 *   subject.ts WATCHER ENTRY
 *
 * Each line that it reads, and each that it prints, is JSON. `{ path, ignore }` has it watch a path,
 * and `{ close }` closes the watcher of that path. It prints `{ ready }` with the path, and
 * `{ watched, kind, paths }` for an event.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { watchers, type Watching } from "../bench/paths/watchers.ts";

const [watcher, entry] = process.argv.slice(2);
const watch = await watchers[watcher](entry);
const watchings = new Map<string, Watching>();

for await (const line of createInterface(process.stdin)) {
  const { path, ignore, close } = JSON.parse(line);
  if (close !== undefined) {
    await watchings.get(close)!.close();
    print({ closed: close });
    continue;
  }
  const see = (kind: string, ...paths: (string | undefined)[]) =>
    print({ watched: path, kind, paths: paths.filter((one) => one !== undefined) });
  const watching = watch(path, see, ignore);
  watchings.set(path, watching);
  await watching.ready;
  print({ ready: path });
}

function print(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
