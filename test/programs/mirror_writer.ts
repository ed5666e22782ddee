/**
 * Makes the changes of helpers/storm_lines.ts below the directory in argv: reads JSON arrays of changes
 * from stdin, one per line, and prints for each which changes succeeded.
 */

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { exchange } from "../helpers/exchange.ts";
import { mountsBelow, unmount, unmountBelow } from "../helpers/mounts.ts";
import { isLinkedFile, isTarget, OUTSIDE } from "../helpers/storm_lines.ts";

const base = process.argv[2];
const outside = join(base, OUTSIDE);
const at = (path: string) => inside(join(base, path));
/** A path whose link is followed, if it is one. */
const through = (path: string) => followed(join(base, path));
/** The number of temporary paths so far. */
let temporaries = 0;
const fresh = (path: string) => `${path}.${temporaries++ % 10}`;
/** Open files by slot, and open directories. */
const files = new Map<string, number>();
const directories: number[] = [];

const CHANGES: Record<string, (...args: string[]) => void> = {
  mkdir(path) {
    if (isLinkedFile(path)) throw new Error("only a file may be there");
    makeDirectory(at(path));
  },
  write: (path, text) => put(path, constants.O_WRONLY | constants.O_TRUNC, text),
  append: (path, text) => put(path, constants.O_WRONLY | constants.O_APPEND, text),
  patch: (path, text) => put(path, constants.O_WRONLY, text),
  same(path, text) {
    const { mtimeMs } = statSync(through(path));
    put(path, constants.O_WRONLY, text);
    utimesSync(through(path), mtimeMs / 1000, mtimeMs / 1000);
  },
  cut(path, length) {
    const fd = openExisting(path, constants.O_WRONLY);
    try {
      ftruncateSync(fd, Number(length));
    } finally {
      closeSync(fd);
    }
  },
  save(path, text) {
    if (isDirectory(at(path))) throw new Error("it is a directory");
    const temporary = fresh(at(path));
    writeFileSync(temporary, text);
    renameSync(temporary, at(path));
  },
  backup(path, text) {
    if (isDirectory(at(path))) throw new Error("it is a directory");
    renameSync(at(path), `${at(path)}~`);
    writeFileSync(at(path), text);
    unlinkSync(`${at(path)}~`);
  },
  fill(path, text) {
    if (isLinkedFile(path)) throw new Error("only a file may be there");
    for (const directory of ["", "/a", "/a/b"]) {
      makeDirectory(at(path + directory));
      for (const name of ["c", "d"]) create(at(`${path}${directory}/${name}`), text);
    }
  },
  rm: (path) => rmSync(at(path), { recursive: true }),
  unlink: (path) => unlinkSync(at(path)),
  rmdir: (path) => rmdirSync(at(path)),
  mv(from, to) {
    if (isTarget(to)) refuseLink(from);
    if (isLinkedFile(to)) refuseDirectory(from);
    renameSync(at(from), at(to));
  },
  /** Renames over an entry; a directory is emptied first. */
  over(from, to) {
    if (isTarget(to)) refuseLink(from);
    if (isLinkedFile(to)) refuseDirectory(from);
    if (isDirectory(at(from)) && isDirectory(at(to))) {
      readdirSync(at(to)).forEach((name) => rmSync(join(at(to), name), { recursive: true }));
    }
    renameSync(at(from), at(to));
  },
  ln: (from, to) => linkSync(at(from), at(to)),
  symlink(target, path) {
    if (isTarget(path)) throw new Error("no link may be there");
    symlinkSync(leading(target), at(path));
  },
  relink(target, path) {
    if (isTarget(path)) throw new Error("no link may be there");
    const temporary = fresh(at(path));
    symlinkSync(leading(target), temporary);
    try {
      renameSync(temporary, at(path));
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    }
  },
  exchange(a, b) {
    if (isTarget(a) || isTarget(b)) [a, b].forEach(refuseLink);
    if (isLinkedFile(a) || isLinkedFile(b)) [a, b].forEach(refuseDirectory);
    exchange(at(a), at(b));
  },
  /** Replaces a tree by one with the same names. */
  swap(how, path, text) {
    if (!lstatSync(at(path)).isDirectory()) throw new Error("it is not a directory");
    const other = how === "out" ? fresh(join(outside, "new")) : fresh(at(path));
    const old = how === "out" ? fresh(join(outside, "old")) : fresh(at(path));
    rmSync(other, { recursive: true, force: true });
    resemble(at(path), other, text);
    if (how === "exchange") {
      exchange(at(path), other);
      rmSync(other, { recursive: true });
    } else {
      rmSync(old, { recursive: true, force: true });
      renameSync(at(path), old);
      renameSync(other, at(path));
      if (how !== "keep") rmSync(old, { recursive: true });
    }
  },
  chmod: (path, mode) => chmodSync(through(path), Number.parseInt(mode, 8)),
  touch: (path, time) => utimesSync(through(path), Number(time), Number(time)),
  open(slot, path) {
    close(slot);
    files.set(slot, openSync(through(path), "a"));
  },
  put(slot, text) {
    const fd = files.get(slot)!;
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    // The kernel reports nothing for a removed name, although the file may have another one.
    const { nlink } = fstatSync(fd);
    if (path.endsWith(" (deleted)") ? nlink > 0 : nlink > 1 && path.startsWith(outside)) {
      throw new Error("it has another name");
    }
    writeSync(fd, text);
  },
  close,
  /** Keeps a directory open, so that its inode outlives its removal. */
  hold: (path) =>
    void directories.push(openSync(through(path), constants.O_RDONLY | constants.O_DIRECTORY)),
  let: () => directories.splice(0).forEach((fd) => closeSync(fd)),
  flood(path, count) {
    for (let i = 0; i < Number(count); i++) {
      const file = at(`${path}/flood${i % 7}`);
      closeSync(openSync(file, "w"));
      unlinkSync(file);
    }
  },
  /** Mounts a file system that has a file of each name. */
  mount(path, text) {
    mount(["-t", "tmpfs", "none", directory(path)]);
    for (const name of ["a", "b"]) create(at(`${path}/${name}`), text);
    mkdirSync(at(`${path}/c`));
  },
  bind: (from, to) => mount(["--bind", directory(from), directory(to)]),
  rbind: (from, to) => mount(["--rbind", directory(from), directory(to)]),
  remount: (number, to) => mount(["--move", mounted(number), directory(to)]),
  umount: (number, how) => unmount(mounted(number), how),
  bare: () => unmountBelow(base),
  mark: (name) => writeFileSync(join(base, name), ""),
  pause: (milliseconds) => pause(Number(milliseconds)),
  stop: () => process.kill(process.ppid, "SIGSTOP"),
  cont: () => process.kill(process.ppid, "SIGCONT"),
};

createInterface({ input: process.stdin }).on("line", (text) => {
  const lines: string[] = JSON.parse(text);
  const done = lines.map((line) => {
    const [verb, ...args] = line.split(" ");
    if (!(verb in CHANGES)) throw new Error(`unknown change "${verb}"`);
    try {
      CHANGES[verb](...args.map(repeated));
      return true;
    } catch {
      return false; // a random change may be impossible
    }
  });
  console.log(JSON.stringify(done));
}).on("close", () => {
  for (const slot of [...files.keys()]) close(slot);
  process.exit();
});

/** A path; throws if links in it lead outside of the storm's directory. */
function inside(path: string): string {
  const directory = existing(dirname(path));
  if (directory === base || directory.startsWith(`${base}/`)) return path;
  throw new Error(`${path} is in ${directory}`);
}

/** Likewise for a path whose last link is followed. */
function followed(path: string): string {
  for (let at = inside(path), links = 0; isLink(at); links++) {
    if (links > 40) throw new Error(`${path} is a loop`);
    at = inside(resolve(realpathSync(dirname(at)), readlinkSync(at)));
  }
  return path;
}

/** The real path of a directory, or of its deepest parent that exists. */
function existing(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return existing(dirname(directory));
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Writes to a file, or creates it. */
function put(path: string, flags: number, text: string): void {
  let fd: number;
  try {
    fd = openExisting(path, flags);
  } catch {
    return create(at(path), text);
  }
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Opens a file; throws if a write by an outside name may not be reported to a watcher of another name. */
function openExisting(path: string, flags: number): number {
  const fd = openSync(through(path), flags & ~constants.O_TRUNC);
  if (fstatSync(fd).nlink === 1 || !realpathSync(dirname(at(path))).startsWith(outside)) {
    if (flags & constants.O_TRUNC) ftruncateSync(fd);
    return fd;
  }
  closeSync(fd);
  throw new Error("it may have a watched name");
}

function create(path: string, text: string): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const fd = openSync(path, flags);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function close(slot: string): void {
  const fd = files.get(slot);
  files.delete(slot);
  if (fd !== undefined) closeSync(fd);
}

/** The real path of a directory, which is made if nothing is there. */
function directory(path: string): string {
  makeDirectory(through(path));
  const real = realpathSync(through(path));
  if (!lstatSync(real).isDirectory()) throw new Error("it is not a directory");
  return real;
}

/** Makes a directory, and those above it. Node's function never ends in one that is removed, but mounted. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

function mount(args: readonly string[]): void {
  execFileSync("mount", args, { stdio: "ignore" });
}

function mounted(number: string): string {
  const all = mountsBelow(base);
  return all[Number(number) % all.length];
}

/** Creates a tree with the same names and file sizes, and other bytes. */
function resemble(from: string, to: string, text: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    const stat = lstatSync(source);
    if (stat.isDirectory()) resemble(source, target, text);
    else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      const { length } = readFileSync(source);
      appendFileSync(target, text.repeat(Math.ceil(length / text.length)).slice(0, length));
    }
  }
}

/** "1*3" stands for 111. */
function repeated(text: string): string {
  const [, one, count] = /^(\d+)\*(\d+)$/.exec(text) ?? [];
  return one === undefined ? text : one.repeat(Number(count));
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

function refuseDirectory(path: string): void {
  if (isDirectory(at(path))) throw new Error("it is a directory");
}

function refuseLink(path: string): void {
  if (isLink(at(path))) throw new Error("it is a link");
}

/** The target of a link: a leading "@" stands for the storm's directory. */
function leading(target: string): string {
  return target.startsWith("@") ? at(target.slice(1)) : target;
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
