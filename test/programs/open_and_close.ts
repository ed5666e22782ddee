/**
 * Repeats a use of watchers, by its name, a number of times in a directory: the three arguments. Prints as JSON what
 * the process holds after half of the times and after all.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { watch } from "../../mod.ts";
import { forEach } from "../helpers/events.ts";
import { collectGarbage } from "../helpers/collect_garbage.ts";
import { type OpenFiles, openFiles, threads } from "../helpers/proc.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { ownUse, type Use } from "../helpers/usage.ts";

/** What a process holds. */
export interface Held {
  readonly kernel: OpenFiles & Use;
  readonly threads: number;
  /** Bytes on the JavaScript heap, and those outside that it accounts for. */
  readonly memory: number;
}

const [what, times, directory] = process.argv.slice(2);
const { signal } = new AbortController();

/** Ways to use a watcher of a directory, from watch() to its end. */
const WAYS: readonly ((own: string) => Promise<unknown>)[] = [
  (own) => watch(own).close(),
  async (own) => {
    await using watcher = watch(own, { signal });
    await watcher.ready;
  },
  async (own) => {
    for await (const { kind } of watch([`${own}/not there`, own], { initial: true })) {
      if (kind === "exists") break;
    }
  },
  async (own) => {
    const watcher = watch(own);
    const waiting = watcher[Symbol.asyncIterator]().next();
    await watcher.sync();
    await watcher.close();
    await waiting;
  },
];

/** Uses a watcher in a new directory, so that a watch left behind is not used again. */
function useWatcher(n: number): Promise<unknown> {
  const own = `${directory}/${n}`;
  mkdirSync(own);
  return WAYS[n % WAYS.length](own);
}

/** By name: prepares a use, and returns what is done the n-th time. */
const uses: Record<string, () => Promise<(n: number) => Promise<unknown>>> = {
  "open and close the only watcher": () => Promise.resolve(useWatcher),
  "open and close a watcher beside another": async () => {
    await watch(`${directory}/another`).ready;
    return useWatcher;
  },
  "create and remove a tree": async () => {
    const watcher = watch(directory);
    void forEach(watcher, () => {});
    await watcher.ready;
    return async () => {
      for (let i = 0; i < 30; i++) {
        mkdirSync(`${directory}/tree/${i}/x`, { recursive: true });
        writeFileSync(`${directory}/tree/${i}/x/f`, "x");
      }
      await watcher.sync();
      rmSync(`${directory}/tree`, { recursive: true });
      await watcher.sync();
    };
  },
};

/** What the process holds after a garbage collection. */
async function held(): Promise<Held> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return {
    kernel: { ...openFiles(), ...ownUse() },
    threads: threads(),
    memory: runtimeName === "bun" ? heapUsed : heapUsed + external, // on Bun heapUsed includes it
  };
}

const use = await uses[what]();
const samples: Held[] = [];
for (let n = 1; n <= Number(times); n++) {
  await use(n);
  if (n === Number(times) / 2 || n === Number(times)) samples.push(await held());
}
console.log(JSON.stringify(samples));
process.exit();
