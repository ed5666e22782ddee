/**
 * File systems that contradict themselves, as network and FUSE file systems may: listed entries that are
 * not found or cannot be opened, listings that break off or never end, times of another clock. An entry
 * that cannot be watched is an error, the rest is watched, and nothing is retried without end.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lazy } from "../../ffi/lazy.ts";
import { libc } from "../../ffi/libc.ts";
import { watch } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { MOUNTS, place } from "../helpers/namespace.ts";
import { runForJson } from "../helpers/program.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";
import type { FaultyFileSystem, Observation } from "../programs/faulty_file_systems.ts";

const { ENOENT, EINTR, EIO, EAGAIN, EACCES, ENOTDIR, EINVAL, ENAMETOOLONG, ELOOP, ESTALE } =
  os.constants.errno;
/** The errnos of a path that does not exist, and others. */
const NOT_FOUND = [ENOENT, ENOTDIR, ELOOP];
const ERRNOS = [...NOT_FOUND, EINTR, EIO, EAGAIN, EACCES, EINVAL, ENAMETOOLONG, ESTALE];
/** The most calls of open(2) that a file system may need; EINTR needs most, since it is retried. */
const MAX_OPENS = 1000;

const server = join(tmpDir(), "fuse");
const skip = compile();

/** Compiles the server. @returns why it cannot be used, or `false` if it can */
function compile(): string | false {
  const source = join(import.meta.dirname!, "../programs/fuse.c");
  const { status, stderr, error } = spawnSync("cc", ["-o", server, source, "-lfuse3"], {
    encoding: "utf8",
  });
  if (status !== 0) return `cc -lfuse3 does not work here: ${error?.message ?? stderr}`;
  return MOUNTS.skip || place(MOUNTS.under, [server, tmpDir(), "trial"]).skip;
}

/** The events of all entries but `odd`, in any order. */
const REST = ["exists .", "exists dir", "exists dir/in", "exists file", "exists link"];

/** Checks the events of the other entries. @returns the events of `odd`, and why `ready` rejects */
function oddLines({ lines, opened }: Observation, rest: readonly string[] = REST): string[] {
  const isOdd = (line: string) => /odd|ready/.test(line);
  const plain = lines.filter((line) => !isOdd(line)).map((line) => line.replace(/\/$/, ""));
  assert.deepEqual(plain.sort(), [...rest].sort());
  assert.ok(opened < MAX_OPENS, `${opened} calls of open(2)`);
  return lines.filter(isOdd);
}

/** All file systems, which one program observes. */
const fileSystems: FaultyFileSystem[] = [];
const observations = lazy(() =>
  runForJson<Observation[]>("faulty_file_systems.ts", [
    server,
    tmpDir(),
    JSON.stringify(fileSystems),
  ], MOUNTS)
);

/** Adds a file system to those that are observed. @returns gives its observation */
function observe(fileSystem: FaultyFileSystem): () => Observation {
  const i = fileSystems.push(fileSystem) - 1;
  return () => observations()[i];
}

/** Likewise for a fault with each errno. */
function observeEach(
  fault: string,
  one: Omit<FaultyFileSystem, "fault"> = {},
  errnos: readonly number[] = ERRNOS,
): () => (readonly [Observation, errno: number])[] {
  const each = errnos.map((errno) => observe({ ...one, fault: [fault, String(errno)] }));
  return () => each.map((observation, i) => [observation(), errnos[i]]);
}

for (const fault of ["directory", "closed"]) {
  const each = observeEach(fault);
  test(
    `a listed directory that cannot be opened (${fault}) is one error`,
    { skip },
    () => {
      for (const [observation, errno] of each()) {
        assert.deepEqual(oddLines(observation), ["exists odd/", `error ${errno} open odd`]);
        assert.deepEqual(observation.watched, [".", "dir"]);
      }
    },
  );
}

const links = observeEach("symlink");
test("a listed symbolic link that is not found is an entry", { skip }, () => {
  for (const [observation] of links()) assert.deepEqual(oddLines(observation), ["exists odd"]);
});

const followedLinks = observeEach("symlink", { options: { followSymlinks: true } });
test("a followed link that is not found is an entry if it may be dangling, and else an error", {
  skip,
}, () => {
  for (const [observation, errno] of followedLinks()) {
    const lines = NOT_FOUND.includes(errno)
      ? ["exists odd"]
      : ["exists odd/", `error ${errno} open odd`];
    assert.deepEqual(oddLines(observation, REST), lines);
  }
});

const followed = observeEach("closed", { options: { followSymlinks: true } });
test("a followed link to a directory that cannot be opened is an error", { skip }, () => {
  for (const [observation, errno] of followed()) {
    const rest = REST.concat(`error ${errno} open link`);
    assert.deepEqual(oddLines(observation, rest), ["exists odd/", `error ${errno} open odd`]);
  }
});

const untyped = observeEach("untyped");
test(
  "without types in listings, an entry that is not found is a file, and any other errno an error",
  {
    skip,
  },
  () => {
    for (const [observation, errno] of untyped()) {
      const lines = NOT_FOUND.includes(errno)
        ? ["exists odd"]
        : ["exists odd/", `error ${errno} open odd`];
      assert.deepEqual(oddLines(observation), lines);
      assert.deepEqual(observation.watched, [".", "dir"]);
    }
  },
);

const broken = observeEach("broken");
test("a listing that breaks off is an error, and its entries are discarded", { skip }, () => {
  for (const [observation, errno] of broken()) {
    assert.deepEqual(oddLines(observation), ["exists odd/", `error ${errno} getdents64 odd`]);
    assert.deepEqual(observation.watched, [".", "dir"]);
  }
});

const circle = observe({ fault: ["circle"] });
test("a listing that never ends is an error", { skip }, () => {
  assert.deepEqual(oddLines(circle()), ["exists odd/", `error ${ELOOP} getdents64 odd`]);
  assert.deepEqual(circle().watched, [".", "dir"]);
});

for (const [fault, call] of [["closed", "open"], ["broken", "getdents64"]] as const) {
  const each = observeEach(fault, { path: "odd" });
  test(`a root that exists and cannot be watched (${fault}) rejects ready`, { skip }, () => {
    for (const [{ lines, opened }, errno] of each()) {
      assert.ok(lines.includes(`not ready: ${errno} ${call} odd`), lines.join());
      assert.ok(opened < MAX_OPENS, `${opened} calls of open(2)`);
    }
  });
}

for (const path of ["odd", "odd/below"]) {
  const each = observeEach("directory", { path });
  test(`a root that is not found (${path}) is waited for after ENOENT, and else rejects ready`, {
    skip,
  }, () => {
    for (const [{ lines }, errno] of each()) {
      const why = `not ready: ${errno} inotify_add_watch ${path}`;
      assert.deepEqual(lines, errno === ENOENT ? [] : [why]);
    }
  });
}

const clocks = ["-86400", "0", "86400"].map((seconds) =>
  observe({ fault: ["clock", seconds], options: { initial: false }, loses: true })
);
test("after a loss every file is reported as modified if its times may be of another clock", {
  skip,
}, () => {
  const files = ["dir/in", "file", "link", "odd/below"];
  for (const observation of clocks) {
    const [overflow, ...modified] = observation().lines;
    assert.equal(overflow, "overflow");
    assert.deepEqual(modified.sort(), files.map((file) => `modify ${file}`));
  }
});

/** Makes each call for a path that ends with a name fail. @param first runs before each failure */
function refuse(
  call: "open" | "inotify_add_watch",
  name: string,
  errno: number,
  first: () => void = () => {},
): Disposable {
  const c = libc();
  const { [call]: original, errno: realErrno } = c;
  const isRefused = (path: unknown) =>
    path instanceof Uint8Array && new TextDecoder().decode(path).split("\0")[0].endsWith(name);
  Object.assign(c, {
    [call](...args: unknown[]) {
      if (!args.some(isRefused)) return (original as (...args: unknown[]) => number)(...args);
      first();
      c.errno = () => {
        c.errno = realErrno;
        return errno;
      };
      return -1;
    },
  });
  return { [Symbol.dispose]: () => void Object.assign(c, { [call]: original }) };
}

for (const errno of [ENOENT, ENOTDIR]) {
  test(`a parent that readlink finds and inotify_add_watch does not (${errno}) is an error`, async () => {
    const directory = tmpDir();
    const path = join(directory, "odd/below");
    mkdirSync(join(directory, "odd"));
    writeFileSync(path, "");
    using _ = refuse("inotify_add_watch", "/odd", errno);
    const watcher = watch(path);
    await assert.rejects(within(watcher.ready), { errno, path });
    await watcher.close();
  });
}

test("a directory that cannot be opened is an error, however often others are renamed", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "a"));
  await using watcher = watch(directory);
  await within(watcher.ready);
  const errors: string[] = [];
  const loop = forEach(
    watcher,
    (event) => event.kind === "error" && errors.push(event.error.message),
  );
  let tries = 0;
  using _ = refuse("open", "/odd", ENOENT, () => {
    const names = ["a", "b"].map((name) => join(directory, name));
    renameSync(names[tries % 2], names[++tries % 2]);
  });
  mkdirSync(join(directory, "odd"));
  await taken(watcher);
  const why = "its file system reports that it exists, and then that it does not (ENOENT)";
  assert.deepEqual(errors, [`Cannot watch "${join(directory, "odd")}": ${why}`]);
  assert.equal(watcher.watched().length, 2);
  await watcher.close();
  await loop;
});
