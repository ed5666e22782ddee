/**
 * File systems that contradict themselves, as those of servers and of programs do: what is listed there is not
 * found, or cannot be opened; listings break off, or have no end; times are of another clock. What cannot
 * be watched is an error, and the rest is watched; nothing is tried without end.
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
import type { Told, Trouble } from "../programs/troubles.ts";

const { ENOENT, EINTR, EIO, EAGAIN, EACCES, ENOTDIR, EINVAL, ENAMETOOLONG, ELOOP, ESTALE } =
  os.constants.errno;
/** What a path that leads nowhere gives, and what others may. */
const NOWHERE = [ENOENT, ENOTDIR, ELOOP];
const ERRNOS = [...NOWHERE, EINTR, EIO, EAGAIN, EACCES, EINVAL, ENAMETOOLONG, ESTALE];
/** Nothing has to be opened more often to know how it is; most for EINTR, after which a call is made again. */
const FEW = 1000;

const server = join(tmpDir(), "fuse");
const skip = whyNot();

/** Makes the server. @returns why it cannot be used, or `false` */
function whyNot(): string | false {
  const source = join(import.meta.dirname!, "../programs/fuse.c");
  const { status, stderr, error } = spawnSync("cc", ["-o", server, source, "-lfuse3"], {
    encoding: "utf8",
  });
  if (status !== 0) return `cc -lfuse3 does not work here: ${error?.message ?? stderr}`;
  return MOUNTS.skip || place(MOUNTS.under, [server, tmpDir(), "trial"]).skip;
}

/** What is there where there is no trouble, in some order. */
const REST = ["exists .", "exists dir", "exists dir/in", "exists file", "exists link"];

/** @returns the lines about what is odd, if those about the rest are right */
function odd({ lines, opened }: Told, rest: readonly string[] = REST): string[] {
  const isOdd = (line: string) => /odd|ready/.test(line);
  const plain = lines.filter((line) => !isOdd(line)).map((line) => line.replace(/\/$/, ""));
  assert.deepEqual(plain.sort(), [...rest].sort());
  assert.ok(opened < FEW, `${opened} were opened`);
  return lines.filter(isOdd);
}

/** What is to be tried, all by one program. */
const troubles: Trouble[] = [];
const told = lazy(() =>
  runForJson<Told[]>("troubles.ts", [server, tmpDir(), JSON.stringify(troubles)], MOUNTS)
);

/** Has a trouble tried. @returns what is told of it */
function trying(trouble: Trouble): () => Told {
  const i = troubles.push(trouble) - 1;
  return () => told()[i];
}

/** Has a trouble tried with each errno. @returns what is told of each */
function tryingEach(
  trouble: string,
  one: Omit<Trouble, "trouble"> = {},
  errnos: readonly number[] = ERRNOS,
): () => (readonly [Told, errno: number])[] {
  const each = errnos.map((errno) => trying({ ...one, trouble: [trouble, String(errno)] }));
  return () => each.map((told, i) => [told(), errnos[i]]);
}

for (const trouble of ["directory", "closed"]) {
  const each = tryingEach(trouble);
  test(
    `a directory that is listed and cannot be opened (${trouble}) is one error`,
    { skip },
    () => {
      for (const [told, errno] of each()) {
        assert.deepEqual(odd(told), ["exists odd/", `error ${errno} open odd`]);
        assert.deepEqual(told.watched, [".", "dir"]);
      }
    },
  );
}

const links = tryingEach("symlink");
test("a symbolic link that is listed and not found is an entry", { skip }, () => {
  for (const [told] of links()) assert.deepEqual(odd(told), ["exists odd"]);
});

const followedLinks = tryingEach("symlink", { options: { followSymlinks: true } });
test("one that is followed is an error, unless it may lead nowhere", { skip }, () => {
  for (const [told, errno] of followedLinks()) {
    const lines = NOWHERE.includes(errno)
      ? ["exists odd"]
      : ["exists odd/", `error ${errno} open odd`];
    assert.deepEqual(odd(told, ["exists link/in", ...REST]), lines);
  }
});

const followed = tryingEach("closed", { options: { followSymlinks: true } });
test("a followed link to a directory that cannot be opened is an error, too", { skip }, () => {
  for (const [told, errno] of followed()) {
    const rest = REST.concat(`error ${errno} open link`);
    assert.deepEqual(odd(told, rest), ["exists odd/", `error ${errno} open odd`]);
  }
});

const untyped = tryingEach("untyped");
test("where no types are listed, what is not found is a file, and what is not known an error", {
  skip,
}, () => {
  for (const [told, errno] of untyped()) {
    const lines = NOWHERE.includes(errno)
      ? ["exists odd"]
      : ["exists odd/", `error ${errno} open odd`];
    assert.deepEqual(odd(told), lines);
    assert.deepEqual(told.watched, [".", "dir"]);
  }
});

const broken = tryingEach("broken");
test("a listing that breaks off is an error, and nothing of it counts", { skip }, () => {
  for (const [told, errno] of broken()) {
    assert.deepEqual(odd(told), ["exists odd/", `error ${errno} getdents64 odd`]);
    assert.deepEqual(told.watched, [".", "dir"]);
  }
});

const circle = trying({ trouble: ["circle"] });
test("a listing that goes round in circles is an error", { skip }, () => {
  assert.deepEqual(odd(circle()), ["exists odd/", `error ${ELOOP} getdents64 odd`]);
  assert.deepEqual(circle().watched, [".", "dir"]);
});

for (const [trouble, call] of [["closed", "open"], ["broken", "getdents64"]] as const) {
  const each = tryingEach(trouble, { path: "odd" });
  test(`a path that is there and cannot be watched (${trouble}) rejects ready`, { skip }, () => {
    for (const [{ lines, opened }, errno] of each()) {
      assert.ok(lines.includes(`not ready: ${errno} ${call} odd`), lines.join());
      assert.ok(opened < FEW, `${opened} were opened`);
    }
  });
}

for (const path of ["odd", "odd/below"]) {
  const each = tryingEach("directory", { path });
  test(`a path that is not found (${path}) is waited for, or rejects ready`, { skip }, () => {
    for (const [{ lines }, errno] of each()) {
      const why = `not ready: ${errno} inotify_add_watch ${path}`;
      assert.deepEqual(lines, errno === ENOENT ? [] : [why]);
    }
  });
}

const clocks = ["-86400", "0", "86400"].map((seconds) =>
  trying({ trouble: ["clock", seconds], options: { initial: false }, loses: true })
);
test("after a loss everything counts as changed whose times are of another clock", { skip }, () => {
  const files = ["dir/in", "file", "link", "odd/below"];
  for (const told of clocks) {
    const [overflow, ...modified] = told().lines;
    assert.equal(overflow, "overflow");
    assert.deepEqual(modified.sort(), files.map((file) => `modify ${file}`));
  }
});

/** Has a call fail for paths that end with a name, whenever it is made. @param first what else happens then */
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
  test(`a directory on the way that readlink finds and inotify_add_watch does not (${errno}) is an error`, async () => {
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

test("a directory that cannot be opened is an error however often others are renamed", async () => {
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
