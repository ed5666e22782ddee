/**
 * Does with watchers what its first argument says, as often as the second says, in a directory, the third;
 * prints as JSON what the process holds after half of it, and in the end.
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
  /** Bytes that JavaScript knows of. */
  readonly memory: number;
}

const [what, times, directory] = process.argv.slice(2);
const { signal } = new AbortController();

/** The lives that a watcher of a directory may have. */
const LIVES: readonly ((own: string) => Promise<unknown>)[] = [
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

/** One life, in a directory of its own: a watch that is left behind does not serve the next one. */
function live(n: number): Promise<unknown> {
  const own = `${directory}/${n}`;
  mkdirSync(own);
  return LIVES[n % LIVES.length](own);
}

/** What is prepared, and then done, the n-th time. */
const deeds: Record<string, () => Promise<(n: number) => Promise<unknown>>> = {
  "open and close the only watcher": () => Promise.resolve(live),
  "open and close a watcher beside another": async () => {
    await watch(`${directory}/another`).ready;
    return live;
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

/** What the process holds when all that is over has been given back. */
async function held(): Promise<Held> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return {
    kernel: { ...openFiles(), ...ownUse() },
    threads: threads(),
    memory: runtimeName === "bun" ? heapUsed : heapUsed + external, // which the former has in it there
  };
}

const deed = await deeds[what]();
const samples: Held[] = [];
for (let n = 1; n <= Number(times); n++) {
  await deed(n);
  if (n === Number(times) / 2 || n === Number(times)) samples.push(await held());
}
console.log(JSON.stringify(samples));
process.exit();
