/** `scan()`: watches and lists one directory, on the real kernel; with calls that fail, too. */

import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Libc } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { IN_CREATE, parseEvents } from "../../mod.ts";
import { isGone, type Scan, scan, type ScanFailure, whole } from "../../src/engine/scan.ts";
import { inotifyInit } from "../../src/kernel/syscall.ts";
import { tmpDir } from "../helpers/tmp.ts";

const { ENOENT, ENOTDIR, ELOOP, EACCES, EIO, ESTALE, ENOSPC } = os.constants.errno;

/** An inotify instance, closed at the end of its scope. */
class Inotify implements Disposable {
  readonly fd: number = inotifyInit(libc());

  /** The names of the events that are queued. */
  read(): string[] {
    const buffer = new Uint8Array(4096);
    const length = libc().read(this.fd, buffer, buffer.length);
    return length < 0 ? [] : parseEvents(buffer.subarray(0, length)).map(({ name }) => name);
  }

  scan(path: string, calls: Partial<Libc> = {}, follow = false): Scan | ScanFailure {
    return scan(Object.assign(Object.create(libc()), calls), this.fd, path, IN_CREATE, follow);
  }

  [Symbol.dispose](): void {
    libc().close(this.fd);
  }
}

/** The calls that fail with an errno, instead of being made. */
function failing(name: keyof Libc, errno: number): Partial<Libc> {
  return { [name]: () => -1, errno: () => errno };
}

/** The names that a scan found, or why it failed. */
function names(found: Scan | ScanFailure): string[] | string {
  if (!("wd" in found)) return `${found.syscall} ${found.errno}`;
  const entries = new Map<string, boolean>();
  for (const part of found.listing.parts) part.addTo(entries);
  return [...entries].map(([name, isDirectory]) => isDirectory ? `${name}/` : name).sort();
}

/** Where this process has a directory open, below another one. */
function openBelow(directory: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // that of the listing itself
    }
  }).filter((path) => path.startsWith(directory));
}

/** A directory with the file `f` and the directory `d`. */
function directory(): string {
  const path = join(tmpDir(), "scanned");
  mkdirSync(join(path, "d"), { recursive: true });
  writeFileSync(join(path, "f"), "");
  return path;
}

test("scan() lists a directory, and its watch has every event since", () => {
  using inotify = new Inotify();
  const path = directory();
  const found = inotify.scan(path);
  assert.deepEqual(names(found), ["d/", "f"]);
  writeFileSync(join(path, "new"), "");
  assert.deepEqual(inotify.read(), ["new"]);
  assert.deepEqual(openBelow(path), []);
});

test("scan() watches and lists the same directory, though another one comes to its path meanwhile", () => {
  using inotify = new Inotify();
  const path = directory();
  const { inotify_add_watch } = libc();
  const found = inotify.scan(path, {
    inotify_add_watch: (...args) => {
      renameSync(path, `${path}-moved`);
      mkdirSync(path);
      return inotify_add_watch(...args);
    },
  });
  writeFileSync(join(path, "other"), "");
  writeFileSync(join(`${path}-moved`, "new"), "");
  assert.deepEqual([names(found), inotify.read()], [["d/", "f"], ["new"]]);
});

test("scan() lists what came between open(2) and inotify_add_watch(2)", () => {
  using inotify = new Inotify();
  const path = directory();
  const { inotify_add_watch } = libc();
  const found = inotify.scan(path, {
    inotify_add_watch: (...args) => {
      writeFileSync(join(path, "between"), "");
      return inotify_add_watch(...args);
    },
  });
  assert.deepEqual(names(found), ["between", "d/", "f"]);
});

test("scan() follows a symbolic link only if it is to", () => {
  using inotify = new Inotify();
  const path = directory();
  const link = `${path}-link`;
  symlinkSync(path, link);
  assert.deepEqual(names(inotify.scan(link, {}, true)), ["d/", "f"]);
  assert.match(String(names(inotify.scan(link))), /^open /);
});

test("scan() fails with EACCES for a link to what the runtime may not read", () => {
  using inotify = new Inotify();
  const path = directory();
  const asked: string[] = [];
  const mayRead = (path: string) => asked.push(path) === 0;
  assert.equal(names(inotify.scan(path, { mayRead }, true)), `open ${EACCES}`);
  assert.deepEqual([asked, openBelow(path)], [[path], []]);
});

for (
  const [name, errno] of [
    ["open", EACCES],
    ["inotify_add_watch", ENOSPC],
    ["lseek", EIO],
    ["getdents64", EIO],
  ] as const
) {
  test(`scan() fails with the call and errno of ${name}, and leaves no descriptor open`, () => {
    using inotify = new Inotify();
    const path = directory();
    assert.equal(names(whole(inotify.scan(path, failing(name, errno)))), `${name} ${errno}`);
    assert.deepEqual(openBelow(path), []);
  });
}

test("scan() reads a large directory on with each step, and closes it after the last, or when it is left", () => {
  using inotify = new Inotify();
  const path = directory();
  const { getdents64 } = libc();
  // Room for one entry.
  const small = { getdents64: (fd: number, buffer: Uint8Array) => getdents64(fd, buffer, 32) };
  const found = inotify.scan(path, small) as Scan;
  assert.notEqual(found.rest, undefined);
  assert.deepEqual(openBelow(path), [path]);
  const steps = [...found.rest!];
  assert.ok(steps.length >= 1);
  assert.deepEqual([names(found), openBelow(path)], [["d/", "f"], []]);
  const left = inotify.scan(path, small) as Scan;
  left.rest!.return(undefined);
  assert.deepEqual(openBelow(path), []);
});

test("scan() fails with ELOOP where the file system gives the same part for ever", () => {
  using inotify = new Inotify();
  const path = directory();
  const { getdents64, lseek } = libc();
  const circle = (fd: number, buffer: Uint8Array) => {
    lseek(fd, 0, 0);
    return getdents64(fd, buffer, 32);
  };
  assert.equal(names(whole(inotify.scan(path, { getdents64: circle }))), `getdents64 ${ELOOP}`);
  assert.deepEqual(openBelow(path), []);
});

test("scan() asks for the types that the file system does not give", () => {
  using inotify = new Inotify();
  const path = directory();
  symlinkSync("d", join(path, "link"));
  const { getdents64 } = libc();
  const untyped = (fd: number, buffer: Uint8Array, count: number) => {
    const length = getdents64(fd, buffer, count);
    const view = new DataView(buffer.buffer, buffer.byteOffset);
    for (let at = 0; at < length; at += view.getUint16(at + 16, true)) buffer[at + 18] = 0;
    return length;
  };
  const found = inotify.scan(path, { getdents64: untyped }) as Scan;
  assert.deepEqual(names(whole(found)), ["d/", "f", "link"]);
  assert.deepEqual(found.listing.links(), ["link"]);
});

test("isGone() is true where the path leads to no directory, or that was removed", () => {
  const errnos = [ENOENT, ENOTDIR, ELOOP, ESTALE, EACCES, ENOSPC];
  const gone = (syscall: string) => errnos.filter((errno) => isGone({ syscall, errno }));
  assert.deepEqual(gone("open"), [ENOENT, ENOTDIR, ELOOP, ESTALE]);
  assert.deepEqual(gone("getdents64"), [ENOENT, ESTALE]);
});
