/**
 * Checks constants and struct layouts against the installed C headers, with static assertions that a C
 * compiler evaluates. Exits with 77 if there is no compiler.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import * as contract from "../ffi/contract.ts";
import * as errno from "../ffi/errno.ts";
import * as mask from "../src/kernel/mask.ts";

const HEADERS = [
  "dirent.h",
  "errno.h",
  "fcntl.h",
  "limits.h",
  "linux/aio_abi.h",
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

/** The struct layouts that the code relies on, as C expressions. */
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
  "IOCB_CMD_POLL": 5,
  "offsetof(struct iocb, aio_lio_opcode)": 16,
  "offsetof(struct iocb, aio_fildes)": 20,
  "offsetof(struct iocb, aio_buf)": 24,
  "offsetof(struct iocb, aio_flags)": 56,
  "offsetof(struct iocb, aio_resfd)": 60,
  "sizeof(struct iocb)": 64,
  "sizeof(struct io_event)": 32,
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

const exported: Record<string, unknown> = { ...mask, ...contract, ...errno };
const constants = Object.keys(exported).filter((name) => typeof exported[name] === "number");

const source = ["#define _GNU_SOURCE", ...HEADERS.map((header) => `#include <${header}>`)];
for (const name of constants) {
  // A constant that differs by machine has the machine's name as a suffix.
  const [, common, machine] = /^(\w+?)_(x86_64|aarch64)$/.exec(name) ?? [];
  const line = assertion(common ?? name, exported[name] as number, name);
  source.push(...machine === undefined ? [line] : [`#ifdef __${machine}__`, line, "#endif"]);
}
let others = 0;
for (const folder of ["ffi/", "src/"]) {
  const found = [...otherConstants(folder)];
  if (found.length === 0) fail(`There is no constant in ${folder}: has the code moved?`);
  for (const [file, name, value] of found) {
    source.push(`#ifdef ${name}`, assertion(name, value, `${name} in ${file}`), "#endif");
  }
  others += found.length;
}
for (const [expression, value] of Object.entries(LAYOUTS)) {
  source.push(assertion(expression, value, expression));
}

const errors = macrosOf("errno.h", /^#define (E[A-Z0-9]+) (\d+)$/gm);
for (const [, , value] of errors) {
  const name = errno.errnoName(Number(value));
  source.push(assertion(name, Number(value), name));
}

compile(["-fsyntax-only"], source);
const missing = macrosOf("sys/inotify.h", /^#define (IN_[A-Z_]+) /gm)
  .map(([, name]) => name!)
  .filter((name) => !constants.includes(name));
if (missing.length > 0) fail(`Constants of <sys/inotify.h> are missing: ${missing.join(", ")}`);
console.log(
  `${errors.length} errors, ${constants.length} shared and ${others} other constants, ` +
    `${Object.keys(LAYOUTS).length} layouts: none differs from C's`,
);

function assertion(expression: string, value: number, what: string): string {
  return `_Static_assert((unsigned)(${expression}) == ${value >>> 0}u, "${what} is not ${value}");`;
}

/** The other constants in a folder's sources. The preprocessor decides which of the names are C's. */
function* otherConstants(
  folder: string,
): Generator<readonly [file: string, name: string, value: number]> {
  const root = new URL(`../${folder}`, import.meta.url);
  for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(new URL(file, root), "utf8");
    for (const [, name, value] of text.matchAll(/^\s*(?:export )?const ([A-Z]\w+) = (\w+);/gm)) {
      if (constants.includes(name!) || !Number.isInteger(Number(value))) continue;
      yield [folder + file, name!, Number(value)];
    }
  }
}

/** The matching macros of a header. */
function macrosOf(header: string, pattern: RegExp): RegExpExecArray[] {
  return [...compile(["-E", "-dM"], [`#include <${header}>`]).matchAll(pattern)];
}

/** Compiles lines of C. @returns the compiler's output */
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
