/**
 * Ends in the way that its first argument names, while an event of the directory in its second is unread.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { IN_CREATE, IN_MODIFY, Inotify, watch } from "../../mod.ts";

const [way, directory] = process.argv.slice(2);
const change = () => writeFileSync(join(directory, "changed"), "x");

/** An instance that does not keep the process alive. */
function instance(): Inotify {
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE | IN_MODIFY);
  inotify.unref();
  return inotify;
}

/** Likewise, with a pending read. */
function read(): Inotify {
  const inotify = instance();
  void inotify.read();
  return inotify;
}

/** A watcher with a batch that never settles. */
async function waitForQuiet() {
  const watcher = watch(directory);
  await watcher.ready;
  const batches = watcher.batches({ settle: 1e9, maxWait: Infinity });
  void batches.next();
  change();
  await watcher.sync();
  await turn();
  return { watcher, batches };
}

/** Lets pending reads begin to wait. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

const ways: Record<string, () => unknown> = {
  "a watcher that is not persistent": () => watch(directory, { persistent: false }),
  "such a watcher, in a loop": () => {
    const watcher = watch(directory, { persistent: false });
    void (async () => {
      for await (const _ of watcher);
    })();
    change();
  },
  "batches that wait for quiet, of a watcher that closes": async () => {
    const { watcher } = await waitForQuiet();
    await watcher.close();
  },
  "batches that wait for quiet, and return": async () => {
    const { batches } = await waitForQuiet();
    await batches.return?.();
  },
  "a pending read": async () => {
    read();
    await turn();
    change();
  },
  "fifty pending reads": async () => {
    for (let i = 0; i < 50; i++) read();
    await turn();
    change();
  },
  "an event in a listener of exit": async () => {
    read();
    await turn();
    process.on("exit", change);
  },
  "exitCode": async () => {
    process.exitCode = 3;
    read();
    await turn();
    change();
  },
  "process.exit()": async () => {
    read();
    await turn();
    change();
    process.exit(4);
  },
  "process.exit() while it is closed": async () => {
    const inotify = read();
    await turn();
    change();
    void inotify.close();
    for (let i = 0; i < 10; i++) await Promise.resolve(); // close() has begun, and is not complete
    process.exit(4);
  },
  "an exception": async () => {
    read();
    await turn();
    change();
    setTimeout(() => {
      throw new Error("mine");
    });
  },
  "an exception in a listener of exit": async () => {
    process.on("exit", () => {
      throw new Error("mine");
    });
    read();
    await turn();
    change();
  },
  "work in beforeExit": async () => {
    let rounds = 0;
    process.on("beforeExit", () => {
      change();
      if (rounds++ < 3) setTimeout(change, 5);
    });
    const inotify = instance();
    for (;;) await inotify.read(); // never ends, and does not keep the process alive
  },
  "a listener of exit opens the first instance": () => {
    process.on("exit", () => {
      read();
      change();
    });
  },
  "a listener of exit opens another instance": async () => {
    process.on("exit", () => {
      read();
      change();
    });
    read();
    await turn();
  },
  "a listener of exit opens a watcher": async () => {
    read();
    await turn();
    process.on("exit", () => {
      watch(directory);
      change();
    });
  },
  "a listener of exit reads again": async () => {
    const inotify = instance();
    inotify.ref();
    change();
    await inotify.read();
    inotify.unref();
    process.on("exit", () => {
      void inotify.read();
      change();
    });
  },
  "a listener of exit closes": async () => {
    const inotify = read();
    await turn();
    process.on("exit", () => {
      change();
      void inotify.close();
    });
  },
  "a copy of process for a global": async () => {
    const copy = Object.assign(Object.create(Object.getPrototypeOf(process)), process, {
      _events: {},
    });
    Object.defineProperty(globalThis, "process", { value: copy });
    read();
    await turn();
    change();
  },
};

void ways[way]();
