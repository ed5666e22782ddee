/** limits() and usage(), compared with /proc. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import { test } from "node:test";
import { IN_CREATE, Inotify, limits, type ProcessUsage, usage } from "../../mod.ts";
import { failing } from "../helpers/interpose.ts";
import { start } from "../helpers/program.ts";
import { thrown } from "../helpers/thrown.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

function sysctl(path: string): number {
  return existsSync(`/proc/sys/${path}`)
    ? Number(readFileSync(`/proc/sys/${path}`, "utf8"))
    : Infinity;
}

/** @returns a process's part of usage() */
function used(id: number = process.pid): ProcessUsage | undefined {
  return usage().processes.find(({ pid }) => pid === id);
}

/** @returns a function that counts this process's instances and watches made since now */
function counter(): () => { instances: number; watches: number } {
  const before = used();
  return () => {
    const { instances = 0, watches = 0 } = used() ?? {};
    return {
      instances: instances - (before?.instances ?? 0),
      watches: watches - (before?.watches ?? 0),
    };
  };
}

/** @returns a directory with this many entries, and their paths */
function entries(count: number): { directory: string; paths: string[] } {
  const directory = tmpDir();
  const paths = Array.from(
    { length: count },
    (_, i) => join(directory, String(i).padStart(3, "0")),
  );
  for (const path of paths) mkdirSync(path);
  return { directory, paths };
}

// limits()

test("limits() and usage() throw if /proc cannot be read", () => {
  const withoutProc = (call: () => unknown) => {
    using _ = failing({ name: "open", errno: 2 }, 0);
    return thrown(call);
  };
  assert.deepEqual(withoutProc(limits), {
    name: "Error",
    message: "Cannot determine maxQueuedEvents: /proc/sys cannot be read",
  });
  assert.deepEqual(withoutProc(usage), {
    name: "Error",
    message: "Cannot determine who uses inotify: /proc cannot be read",
  });
});

test("limits() returns the values in /proc, the smaller one of two", () => {
  assert.deepEqual(limits(), {
    maxQueuedEvents: sysctl("fs/inotify/max_queued_events"),
    maxUserInstances: Math.min(
      sysctl("fs/inotify/max_user_instances"),
      sysctl("user/max_inotify_instances"),
    ),
    maxUserWatches: Math.min(
      sysctl("fs/inotify/max_user_watches"),
      sysctl("user/max_inotify_watches"),
    ),
  });
});

// usage()

test("usage() counts the instances and watches of this process", async () => {
  const { paths } = entries(3);
  const own = counter();
  await using a = new Inotify();
  assert.deepEqual(own(), { instances: 1, watches: 0 });
  await using b = new Inotify();
  for (const path of paths) a.addWatch(path, IN_CREATE);
  b.addWatch(paths[0], IN_CREATE);
  assert.deepEqual(own(), { instances: 2, watches: 4 });
});

test("usage() counts two instances with equal numbers of watches as two", async () => {
  const own = counter();
  await using a = new Inotify();
  await using b = new Inotify();
  a.addWatch("/", IN_CREATE);
  b.addWatch("/", IN_CREATE);
  assert.deepEqual(own(), { instances: 2, watches: 2 });
});

test("usage() does not count removed watches and closed instances", async () => {
  const { paths } = entries(2);
  const own = counter();
  const inotify = new Inotify();
  const [wd] = paths.map((path) => inotify.addWatch(path, IN_CREATE));
  inotify.rmWatch(wd);
  assert.deepEqual(own(), { instances: 1, watches: 1 });
  await inotify.close();
  assert.deepEqual(own(), { instances: 0, watches: 0 });
});

test("usage() counts an instance once during a pending read and after it", async () => {
  const directory = tmpDir();
  const own = counter();
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const first = inotify.read();
  writeFileSync(join(directory, "first"), "");
  await within(first);
  const second = inotify.read();
  assert.deepEqual(own(), { instances: 1, watches: 1 });
  writeFileSync(join(directory, "second"), "");
  await within(second);
  assert.deepEqual(own(), { instances: 1, watches: 1 });
  await inotify.close();
  assert.deepEqual(own(), { instances: 0, watches: 0 });
});

test("usage() includes another process with its user and command", async () => {
  const directory = tmpDir();
  const other = start("first_event.ts", [directory]);
  await other.line();
  const expected = {
    pid: other.pid,
    uid: process.geteuid!(),
    command: readFileSync(`/proc/${other.pid}/comm`, "utf8").trimEnd(),
    instances: 1,
    watches: 1,
  };
  // At its first read a runtime may briefly have another instance, to test how to wait.
  await until(() => isDeepStrictEqual(used(other.pid), expected), () => used(other.pid));
  writeFileSync(join(directory, "a"), "");
  await other.line();
});

test("usage() lists the process with the most watches first", async () => {
  const directory = tmpDir();
  const other = start("first_event.ts", [directory]);
  await other.line();
  const { paths } = entries(5);
  await using inotify = new Inotify();
  for (const path of paths) inotify.addWatch(path, IN_CREATE);
  const watches = usage().processes.map(({ watches }) => watches);
  assert.deepEqual(watches, watches.toSorted((a, b) => b - a));
  const pids = usage().processes.map(({ pid }) => pid);
  assert.ok(pids.indexOf(process.pid) < pids.indexOf(other.pid));
  writeFileSync(join(directory, "a"), "");
  await other.line();
});

test("usage() omits processes without an instance", async () => {
  await using inotify = new Inotify();
  assert.ok(inotify.fd > 0);
  assert.ok(usage().processes.every(({ instances }) => instances > 0));
});
