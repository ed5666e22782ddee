/** Checks what a scenario cannot say about mounts, in a namespace of its own: argv names the check. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { openBun } from "../../ffi/bun.ts";
import { IN_NONBLOCK, type Libc, O_RDONLY, POLLPRI } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { watch, type WatchEvent } from "../../mod.ts";
import { toCString } from "../../src/kernel/path.ts";
import { Mounts } from "../../src/engine/mounts.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";
import { woken } from "../helpers/woken.ts";

const base = tmpDir();
const inner = join(base, "inner");
mkdirSync(inner);
const mount = () => void execFileSync("mount", ["-t", "tmpfs", "none", inner]);
const unmount = () => void execFileSync("umount", [inner]);

/** The next event of a loop, without a path. */
async function next(events: AsyncIterator<WatchEvent, undefined>): Promise<string | undefined> {
  return (await within(events.next())).value?.kind;
}

/** How many descriptors of the process are open for the kernel's list of mounts. */
function open(): number {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // the one of the listing
    }
  });
  return targets.filter((target) => target.endsWith("/mountinfo")).length;
}

/** A waiter of this runtime tells of each change, once; and nothing is left of it. */
async function waits(c: Libc): Promise<void> {
  const file = toCString("/proc/self/mountinfo");
  const fd = c.open(file, O_RDONLY);
  const waiter = await c.waiter(fd, POLLPRI);
  const inotify = c.inotify_init1(IN_NONBLOCK);
  const other = await c.waiter(inotify); // see Libc.waiter()
  const reading = woken(other);
  for (let round = 0; round < 10; round++) {
    let isWoken = false;
    const awake = woken(waiter).then(() => isWoken = true);
    await new Promise((resolve) => setTimeout(resolve, 10)); // in which a second call would come
    assert.equal(isWoken, false, `round ${round}`);
    if (round % 2 === 0) mount();
    else unmount();
    await within(awake);
  }
  mount();
  await within(woken(waiter)); // of a change before the call
  unmount();
  await within(woken(waiter));
  const pending = woken(waiter);
  await within(waiter.release());
  assert.equal(await within(pending), undefined);
  await within(other.release());
  await within(reading);
  c.close(fd);
  c.close(inotify);
  assert.equal(open(), 0);
}

/** Of a mount that is noticed, and gone before what it shows is looked at: whoever read a file meanwhile found none. */
async function gone(path: string, call: "open" | "inotify_add_watch"): Promise<void> {
  writeFileSync(join(inner, "f"), "");
  await using watcher = watch(path);
  await within(watcher.ready);
  const original: (...args: never[]) => number = libc()[call];
  libc()[call] = (...args: never[]) => {
    libc()[call] = original;
    unmount();
    return original(...args);
  };
  const events = watcher[Symbol.asyncIterator]();
  mount();
  assert.equal(await next(events), "mount");
  assert.equal(await next(events), "unmount");
  assert.equal(await next(events), "modify");
}

const CHECKS: Record<string, () => Promise<void>> = {
  "a waiter": () => waits(libc()),
  async "a waiter by a Worker"() {
    if (libc().runtime === "bun") await waits(openBun(() => Promise.resolve(false)));
  },
  async "without a call"() {
    const watcher = watch(base);
    await within(watcher.ready);
    assert.equal(open(), 2);
    const events = watcher[Symbol.asyncIterator]();
    mount();
    assert.equal(await next(events), "mount");
    mkdirSync(join(inner, "a"));
    assert.equal(await next(events), "create");
    unmount();
    assert.equal(await next(events), "unmount");
    assert.equal(await next(events), "remove");
    await within(watcher.close());
    assert.equal(open(), 0);
  },
  async "by sync() alone"() {
    const { waiter } = libc();
    libc().waiter = (fd, events) =>
      events === POLLPRI ? Promise.reject(new Error("not here")) : waiter(fd, events);
    await using watcher = watch(base);
    await within(watcher.ready);
    const events = watcher[Symbol.asyncIterator]();
    mount();
    await within(watcher.sync());
    assert.equal(await next(events), "mount");
    execFileSync("umount", ["-l", inner]);
    await within(watcher.sync());
    assert.equal(await next(events), "unmount");
  },
  async "batches"() {
    writeFileSync(join(inner, "hidden"), "");
    await using watcher = watch(base);
    await within(watcher.ready);
    const batches = watcher.batches({ settle: 50 });
    mount();
    writeFileSync(join(inner, "a"), "");
    const { value } = await within(batches.next());
    const lines = value!.map(({ kind, ...event }) =>
      `${kind} ${"path" in event ? event.path.slice(base.length) : ""}`
    );
    assert.deepEqual(lines, ["mount /inner", "remove /inner/hidden", "create /inner/a"]);
    unmount();
  },
  "gone before it is looked at": () => gone(base, "open"),
  "gone from a root before it is looked at": () => gone(inner, "inotify_add_watch"),
  async "a rename while the mounts are read"() {
    const places: string[] = [];
    let renames = 0;
    const mounts = new Mounts(libc(), (fenced) => {
      // The mount has another path at each fence but the last.
      if (renames < 3) execFileSync("mv", [`${base}/d${renames}`, `${base}/d${++renames}`]);
      queueMicrotask(fenced);
    }, (_, { visible }) => {
      places.push(...[...visible.keys()].filter((path) => path.startsWith(`${base}/d`)));
    });
    mkdirSync(`${base}/d0/m`, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "none", `${base}/d0/m`]);
    await within(new Promise<void>((resolve) => mounts.look(resolve)));
    assert.deepEqual(places, [`${base}/d3/m`]);
    execFileSync("umount", [`${base}/d3/m`]);
    await mounts.close();
  },
  async "a mount at the last try"() {
    const TRIES = 20;
    let fences = 0;
    let isKnown = false;
    const mounts = new Mounts(libc(), (fenced) => {
      // The mounts are others at each fence.
      if (++fences < TRIES) execFileSync("mount", ["-t", "tmpfs", "none", base + "/other"]);
      else if (fences === TRIES) mount();
      queueMicrotask(fenced);
    }, (_, { visible }) => {
      isKnown = visible.has(inner);
    });
    mkdirSync(`${base}/other`);
    execFileSync("mount", ["-t", "tmpfs", "none", base + "/other"]);
    await within(new Promise<void>((resolve) => mounts.look(resolve)));
    assert.equal(fences, TRIES);
    await within(new Promise<void>((resolve) => mounts.look(resolve)));
    assert(isKnown);
    await mounts.close();
    unmount();
    for (let i = 0; i < TRIES; i++) execFileSync("umount", [`${base}/other`]);
  },
};

await CHECKS[process.argv[2]]();
process.exit();
