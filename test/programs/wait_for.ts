/**
 * Waits for what its first argument says, of watchers of its second one that do not keep the process alive,
 * and prints that it came; then "alive" if it is still there after a while.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as after } from "node:timers"; // whose result has unref() in older versions of Deno, too
import { watch } from "../../mod.ts";

const [what, directory] = process.argv.slice(2);
const open = () => watch(directory, { persistent: false });

const deeds: Record<string, () => Promise<unknown>> = {
  ready: () => open().ready,
  "sync()": () => open().sync(),
  "add()": async () => {
    const watcher = open();
    await watcher.ready;
    mkdirSync(join(directory, "other"));
    await watcher.add(join(directory, "other"));
  },
  "ready and sync(), repeatedly": async () => {
    const watcher = open();
    for (let i = 0; i < 20; i++) {
      await watcher.ready;
      mkdirSync(join(directory, `${i}`));
      await watcher.sync();
    }
  },
  "sync() after unref()": async () => {
    const watcher = watch(directory);
    await watcher.ready;
    watcher.unref();
    await watcher.sync();
  },
  "sync() during which unref() is called": async () => {
    const watcher = watch(directory);
    const synced = watcher.sync();
    watcher.unref();
    await synced;
  },
  "sync() of one of two": async () => {
    const [one] = [open(), open()];
    await one.sync();
  },
  "sync() of one of two, the other being closed": async () => {
    const [one, other] = [open(), open()];
    const synced = one.sync();
    await other.close();
    await synced;
  },
  "sync() after which ref() is called": async () => {
    const watcher = open();
    await watcher.sync();
    watcher.ref();
  },
  "sync() during which ref() is called": async () => {
    const watcher = open();
    const synced = watcher.sync();
    watcher.ref();
    await synced;
  },
};

// Not at the top level, where Deno and Bun wait for more.
deeds[what]().then(() => {
  console.log("done");
  // Seconds: a machine under load must not make a process look as if it stayed.
  after(() => {
    console.log("alive");
    process.exit(0);
  }, 2000).unref();
});
