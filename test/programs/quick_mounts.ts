/**
 * Checks that a watcher is not misled by a mount that is gone before anybody has looked, in a namespace of its own: argv
 * names the check, and when changes of mounts are noticed.
 */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { POLLPRI } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { watch, type Watcher } from "../../mod.ts";
import { fromBytes } from "../../src/kernel/byte_string.ts";
import { unmountBelow } from "../helpers/mounts.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

const [check, noticed] = process.argv.slice(2);
const base = tmpDir();
/** Where the watched paths are. */
const top = join(base, "t");
/** Where a file system is mounted when it does not hide what is watched. */
const aside = join(base, "aside");
for (const path of [top, aside]) mkdirSync(path);

if (noticed === "by sync() alone") {
  const { waiter } = libc();
  libc().waiter = (fd, events) =>
    events === POLLPRI ? Promise.reject(new Error("not here")) : waiter(fd, events);
}

/** Moves what is mounted at one path to another one. */
function move(from: string, to: string): void {
  execFileSync("mount", ["--move", from, to]);
}

/** Mounts a file system aside, with other entries than the paths that it hides for a moment. */
function prepare(...directories: readonly string[]): void {
  execFileSync("mount", ["-t", "tmpfs", "none", aside]);
  execFileSync("mount", ["--make-private", aside]);
  for (const path of directories) mkdirSync(join(aside, path), { recursive: true });
  writeFileSync(join(aside, "other"), "");
}

/** How often a path is still to be hidden. */
let pending = 0;

/** Has what is aside over a path from the first call that is given a path, until the watcher waits for something. */
function hide(call: "open" | "inotify_add_watch", given: string, at: string): void {
  const original: (...args: never[]) => number = libc()[call];
  pending++;
  libc()[call] = (...args: never[]) => {
    const path = args.find((arg: unknown) => arg instanceof Uint8Array) as Uint8Array | undefined;
    if (path !== undefined && fromBytes(path.subarray(0, path.indexOf(0))) === given) {
      libc()[call] = original;
      move(aside, at);
      queueMicrotask(() => {
        move(at, aside);
        pending--;
      });
    }
    return original(...args);
  };
}

/** What the events of a watcher say is there. */
class Mirror {
  readonly paths: Set<string> = new Set();
  readonly watcher: Watcher;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.watcher = watch(root, { initial: true });
    this.watcher.ready.catch(() => {});
    void this.#follow();
  }

  async #follow(): Promise<void> {
    for await (const event of this.watcher) {
      if (event.kind === "exists" || event.kind === "create") this.paths.add(event.path);
      if (event.kind === "error") throw event.error;
      if (event.kind !== "remove") continue;
      for (const path of this.paths) {
        if (path === event.path || path.startsWith(`${event.path}/`)) this.paths.delete(path);
      }
    }
  }

  /** Waits until all is noticed, and compares. */
  async check(): Promise<void> {
    const disk = () => [this.#root, ...below(this.#root)].sort();
    const known = () => [...this.paths].sort();
    if (noticed === "by itself") {
      await until(() => known().join() === disk().join(), () => [known(), disk()]);
    }
    await within(this.watcher.sync()); // meanwhile it is hidden, perhaps
    await within(this.watcher.sync());
    assert.equal(pending, 0);
    await new Promise((resolve) => setTimeout(resolve)); // in which the loop takes them
    assert.deepEqual(known(), disk());
  }
}

function below(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const one = join(path, entry.name);
    return [one, ...entry.isDirectory() ? below(one) : []];
  });
}

/** A tree in which each directory has a file. */
function tree(path: string, depth: number): void {
  mkdirSync(path);
  writeFileSync(join(path, "f"), "");
  if (depth > 0) { for (const name of ["a", "b"]) tree(join(path, name), depth - 1); }
}

/** Makes changes, of which the rest is left out if a path is hidden or shows meanwhile. */
function unlessAway(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!["ENOENT", "EEXIST", "ENOTEMPTY"].includes((error as { code: string }).code)) throw error;
  }
}

const CHECKS: Record<string, () => Promise<void>> = {
  async "a new directory"() {
    prepare("sub");
    const mirror = new Mirror(top);
    await within(mirror.watcher.ready);
    hide("open", join(top, "new"), join(top, "new"));
    tree(join(top, "new"), 1);
    await mirror.check();
  },
  async "the beginning"() {
    prepare("a/sub");
    for (const name of ["a", "b"]) tree(join(top, name), 2);
    hide("open", join(top, "a/a"), join(top, "a"));
    const mirror = new Mirror(top);
    await within(mirror.watcher.ready);
    await mirror.check();
  },
  async "a given path"() {
    prepare();
    mkdirSync(join(top, "d"));
    const mirrors = [new Mirror(top), new Mirror(join(top, "d/r"))];
    for (const { watcher } of mirrors) await within(watcher.ready);
    hide("inotify_add_watch", join(top, "d/r"), join(top, "d"));
    tree(join(top, "d/r"), 1);
    for (const mirror of mirrors) await mirror.check();
  },
  async "elsewhere, each time that a large directory is read on"() {
    prepare();
    const other = join(base, "other");
    mkdirSync(other);
    for (let i = 0; i < 5000; i++) writeFileSync(join(top, `file${i}`), "");
    const { getdents64 } = libc();
    let [at, to, read, moves] = [aside, other, 0, 0];
    libc().getdents64 = (fd, buffer, size) => {
      if (read > 100_000) { // the scan has returned: it is large
        moves++;
        move(at, to);
        [at, to] = [to, at];
      }
      const length = getdents64(fd, buffer, size);
      read = length > 0 ? read + length : 0;
      return length;
    };
    const mirror = new Mirror(top);
    await within(mirror.watcher.ready);
    await mirror.check();
    assert(moves > 0 && moves < 50, `${moves}`);
  },
  async "moves there and back"() {
    prepare("a/sub", "b");
    writeFileSync(join(aside, "a/sub/x"), "");
    const mirrors = [new Mirror(top), new Mirror(top)];
    for (const { watcher } of mirrors) await within(watcher.ready);
    for (let round = 0; round < 10; round++) {
      const at = join(top, `d${round}`);
      mkdirSync(at);
      const script =
        'for i in 1 2 3 4 5 6; do mount --move "$1" "$2"; mount --move "$2" "$1"; done';
      const mover = spawn("sh", ["-ec", script, "sh", aside, at], { stdio: "inherit" });
      const end = once(mover, "exit");
      for (let number = 0; mover.exitCode === null; number++) {
        const [path, before] = [join(at, `n${number}`), join(at, `n${number - 1}`)];
        unlessAway(() => tree(path, 2));
        await new Promise((resolve) => setTimeout(resolve, 1));
        unlessAway(() => rmSync(before, { recursive: true, force: true }));
      }
      assert.deepEqual(await within(end), [0, null]);
      for (const mirror of mirrors) await mirror.check();
    }
  },
};

try {
  await CHECKS[check]();
} finally {
  unmountBelow(base);
}
process.exit();
