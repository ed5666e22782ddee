/**
 * Checks constants and struct layouts against the C headers of this machine, by static assertions
 * that a C compiler evaluates. Exits with 77 where there is no compiler.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import * as contract from "../ffi/contract.ts";
import { errnoName } from "../src/kernel/errno.ts";
import * as mask from "../src/kernel/mask.ts";

const HEADERS = [
  "dirent.h",
  "errno.h",
  "fcntl.h",
  "limits.h",
  "linux/kcmp.h",
  "linux/magic.h",
  "poll.h",
  "regex.h",
  "signal.h",
  "spawn.h",
  "stddef.h",
  "sys/inotify.h",
  "sys/mman.h",
  "sys/stat.h",
  "sys/statfs.h",
  "sys/syscall.h",
  "sys/wait.h",
  "termios.h",
  "time.h",
];

/** What the code takes for granted of structs, as C expressions. */
const LAYOUTS: Record<string, number> = {
  "offsetof(struct inotify_event, wd)": 0,
  "offsetof(struct inotify_event, mask)": 4,
  "offsetof(struct inotify_event, cookie)": 8,
  "offsetof(struct inotify_event, len)": 12,
  "offsetof(struct inotify_event, name)": 16,
  "sizeof(struct inotify_event)": 16,
  "offsetof(struct pollfd, fd)": 0,
  "offsetof(struct pollfd, events)": 4,
  "offsetof(struct pollfd, revents)": 6,
  "sizeof(struct pollfd)": 8,
  "offsetof(struct statx, stx_mask)": 0,
  "offsetof(struct statx, stx_mode)": 28,
  "offsetof(struct statx, stx_ctime)": 96,
  "offsetof(struct statx, stx_mtime)": 112,
  "offsetof(struct statx, stx_dev_major)": 136,
  "offsetof(struct statx, stx_dev_minor)": 140,
  "offsetof(struct statx, stx_mnt_id)": 144,
  "offsetof(struct statx_timestamp, tv_sec)": 0,
  "offsetof(struct statx_timestamp, tv_nsec)": 8,
  "sizeof(struct statx)": 256,
  "offsetof(struct statfs, f_type)": 0,
  "sizeof(struct statfs) <= 256": 1,
  "offsetof(struct timespec, tv_sec)": 0,
  "offsetof(struct timespec, tv_nsec)": 8,
  "sizeof(struct timespec)": 16,
  "sizeof(time_t)": 8,
  "sizeof(struct tm) <= 64": 1,
  "sizeof(regex_t) <= 64": 1,
  "sizeof(struct termios) <= 64": 1,
  "offsetof(posix_spawnattr_t, __flags)": 0,
  "offsetof(posix_spawnattr_t, __pgrp)": 4,
  "offsetof(posix_spawnattr_t, __sd)": 8,
  "offsetof(posix_spawnattr_t, __ss)": 136,
  "sizeof(posix_spawnattr_t)": 336,
  "offsetof(struct dirent64, d_reclen)": 16,
  "offsetof(struct dirent64, d_type)": 18,
  "offsetof(struct dirent64, d_name)": 19,
};

const exported: Record<string, unknown> = { ...mask, ...contract };
const constants = Object.keys(exported).filter((name) => typeof exported[name] === "number");

const source = ["#define _GNU_SOURCE", ...HEADERS.map((header) => `#include <${header}>`)];
for (const name of constants) {
  // What differs by machine has the machine's name behind that of C.
  const [, common, machine] = /^(\w+?)_(x86_64|aarch64)$/.exec(name) ?? [];
  const line = assertion(common ?? name, exported[name] as number, name);
  source.push(...machine === undefined ? [line] : [`#ifdef __${machine}__`, line, "#endif"]);
}
for (const [file, name, value] of otherConstants()) {
  source.push(`#ifdef ${name}`, assertion(name, value, `${name} in ${file}`), "#endif");
}
for (const [expression, value] of Object.entries(LAYOUTS)) {
  source.push(assertion(expression, value, expression));
}

const errors = macrosOf("errno.h", /^#define (E[A-Z0-9]+) (\d+)$/gm);
for (const [, , value] of errors) {
  const name = errnoName(Number(value));
  source.push(assertion(name, Number(value), name));
}

compile(["-fsyntax-only"], source);
const missing = macrosOf("sys/inotify.h", /^#define (IN_[A-Z_]+) /gm)
  .map(([, name]) => name!)
  .filter((name) => !constants.includes(name));
if (missing.length > 0) fail(`<sys/inotify.h> has more: ${missing.join(", ")}`);
console.log(
  `${errors.length} errors, ${constants.length} constants and ${
    Object.keys(LAYOUTS).length
  } layouts are C's`,
);

function assertion(expression: string, value: number, what: string): string {
  return `_Static_assert((unsigned)(${expression}) == ${value >>> 0}u, "${what} is not ${value}");`;
}

/** The other constants of the sources; whether a name is C's too is for the preprocessor to say. */
function* otherConstants(): Generator<[file: string, name: string, value: number]> {
  for (const folder of ["ffi/", "src/"]) {
    const files = readdirSync(new URL(`../${folder}`, import.meta.url), {
      recursive: true,
      encoding: "utf8",
    });
    for (const file of files) {
      if (!file.endsWith(".ts")) continue;
      const text = readFileSync(new URL(`../${folder}${file}`, import.meta.url), "utf8");
      for (const [, name, value] of text.matchAll(/^\s*(?:export )?const ([A-Z]\w+) = (\w+);/gm)) {
        if (constants.includes(name!) || !Number.isInteger(Number(value))) continue;
        yield [folder + file, name!, Number(value)];
      }
    }
  }
}

/** The macros of a header that match. */
function macrosOf(header: string, pattern: RegExp): RegExpExecArray[] {
  return [...compile(["-E", "-dM"], [`#include <${header}>`]).matchAll(pattern)];
}

/** Gives C to the compiler. @returns what it prints */
function compile(options: readonly string[], lines: readonly string[]): string {
  const cc = process.env["CC"] ?? "cc";
  const { error, status, stdout, stderr } = spawnSync(cc, [...options, "-x", "c", "-"], {
    input: lines.join("\n") + "\n",
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  if (error !== undefined) {
    console.log(`There is no C compiler here: ${error.message}`);
    process.exit(77);
  }
  if (status !== 0) fail(stderr);
  return stdout;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
