/**
 * A watcher and an instance while a system call fails: each of their calls, in turn, with each errno of its
 * manual page. Nothing hangs, nothing stays open, and what cannot be watched is reported as an error.
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { pid } from "node:process";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { libc } from "../../ffi/libc.ts";
import { IN_CREATE, Inotify, InotifyError, usage, watch } from "../../mod.ts";
import { Pattern } from "../../src/cli/inotifytools/filter.ts";
import { ClosedOutput, Output } from "../../src/cli/inotifytools/output.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { strerror } from "../../src/kernel/reason.ts";
import { failing, type Fault, FAULTS, FAULTS_OF_TOOLS } from "../helpers/interpose.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { openFiles } from "../helpers/proc.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

/** The indices of the calls that fail. */
const TURNS = [0, 1, 2, 3, 5, 8, 13];

const errnos = os.constants.errno as Record<string, number>;
const isOf = ({ name, errno }: Fault, error: unknown) =>
  error instanceof InotifyError && error.errno === errno && error.syscall === name;

for (const [name, codes] of Object.entries(FAULTS)) {
  for (const code of codes) {
    const fault = { name, errno: errnos[code] } as Fault;
    test(`a watcher reports that ${name} fails with ${code}, or all changes in spite of it`, async () => {
      let happened = 0;
      for (const turn of TURNS) if (await watched(fault, turn)) happened++;
      assert.ok(happened > 0);
    });
  }
}

/** Uses a watcher while a call fails. @returns whether the call was reached */
async function watched(fault: Fault, turn: number): Promise<boolean> {
  const base = tmpDir(fastest);
  const at = (name: string) => join(base, name);
  mkdirSync(at("tree/a/b"), { recursive: true });
  mkdirSync(at("elsewhere"));
  writeFileSync(at("tree/file"), "");
  symlinkSync("../elsewhere", at("tree/link"));
  const { inotify } = openFiles();
  const model = new Model();
  using injected = failing(fault, turn);
  const state = () => ({ ...fault, turn, errors: model.errors.map(String) });

  const watcher = watch([at("tree"), at("later/file")], { initial: true, followSymlinks: true });
  const ended = (async () => {
    for await (const event of watcher) model.apply(event);
  })().then(() => undefined, (error) => error);
  const refused = await within(watcher.ready.then(() => undefined, (error) => error), state);
  if (refused === undefined) {
    mkdirSync(at("tree/c/d"), { recursive: true });
    writeFileSync(at("tree/c/d/file"), "");
    renameSync(at("tree/a"), at("tree/moved"));
    appendFileSync(at("tree/file"), "x");
    rmSync(at("tree/c/d"), { recursive: true });
    mkdirSync(at("later"));
    await within(watcher.sync(), state);
    writeFileSync(at("later/file"), "");
    writeFileSync(at("tree/moved/b/file"), "");
    await within(watcher.sync(), state);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const closedBefore = watcher.watched().length === 0;
  await within(watcher.close(), state);
  const failure = await within(ended, state);

  for (const error of [refused, failure, ...model.errors]) {
    assert.ok(error === undefined || isOf(fault, error), `${error}: ${JSON.stringify(state())}`);
  }
  if (refused === undefined && !closedBefore) {
    const there = [...onDisk(at("tree")), at("later/file")].filter((path) => model.covers(path));
    // A link that cannot be resolved is reported as a link.
    const isLink = (path: string) => path.startsWith(at("tree/link/"));
    const known = [...model.paths].filter((path) => model.covers(path) && !isLink(path));
    assert.deepEqual(known.sort(), there.sort(), JSON.stringify(state()));
    assert.deepEqual(model.contradictions, [], JSON.stringify(state()));
  } else assert.ok(refused ?? failure, "the watcher ended without an error");
  injected[Symbol.dispose]();
  await until(() => openFiles().inotify <= inotify, () => ({ ...state(), ...openFiles() }));
  rmSync(base, { recursive: true });
  return injected.happened;
}

for (const [name, codes] of Object.entries(FAULTS)) {
  if (!["inotify_init1", "inotify_add_watch", "inotify_rm_watch", "read"].includes(name)) continue;
  for (const code of codes) {
    const fault = { name, errno: errnos[code] } as Fault;
    test(`an instance throws if ${name} fails with ${code}, and works afterwards`, async () => {
      for (const turn of [0, 1, 2]) await read(fault, turn);
    });
  }
}

/** Reads from an instance while a call fails, and retries what failed. */
async function read(fault: Fault, turn: number): Promise<void> {
  const directory = tmpDir(fastest);
  const { inotify: before } = openFiles();
  const errors: unknown[] = [];
  const again = async <T>(action: () => T | Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      errors.push(error);
      return await action();
    }
  };
  using injected = failing(fault, turn);
  const inotify = await again(() => new Inotify());
  const names: string[] = [];
  for (const name of ["a", "b", "c"]) {
    const wd = await again(() => inotify.addWatch(directory, IN_CREATE));
    writeFileSync(join(directory, name), "");
    for (const event of await within(again(() => inotify.read()))) names.push(event.name);
    await again(() => inotify.rmWatch(wd));
    await within(again(() => inotify.read())); // IN_IGNORED
  }
  await within(inotify.close());
  assert.deepEqual(names, ["a", "b", "c"]);
  const isRetried = fault.name === "read" &&
    ["EAGAIN", "EINTR"].some((code) => errnos[code] === fault.errno);
  assert.equal(errors.length, injected.happened && !isRetried ? 1 : 0);
  for (const error of errors) assert.ok(isOf(fault, error), String(error));
  injected[Symbol.dispose]();
  await until(() => openFiles().inotify <= before, openFiles);
}

test("without /proc a watcher's error says that it is needed, and nothing stays open", async () => {
  const before = openFiles();
  using _ = failing({ name: "inotify_add_watch", errno: errnos["ENOENT"] }, 0);
  const watcher = watch(tmpDir());
  await assert.rejects(within(watcher.ready), {
    name: "InotifyError",
    message: "Cannot make an inotify instance: /proc is needed, and is not mounted here (ENOENT)",
    syscall: "inotify_add_watch",
  });
  await until(() => isDeepStrictEqual(openFiles(), before), openFiles);
});

for (const code of FAULTS_OF_TOOLS.write) {
  test(`Output writes each line once, or throws, if write fails with ${code}`, () => {
    for (const turn of [0, 1, 2]) print({ name: "write", errno: errnos[code] }, turn);
  });
}

/** Prints three lines while a call fails. */
function print(fault: Fault, turn: number): void {
  const file = join(tmpDir(fastest), "out");
  writeFileSync(file, "");
  // Not with node:fs: the descriptors of Deno before 2.8 are not those of the system.
  const fd = libc().open(cString(file), constants.O_WRONLY);
  const output = new Output(libc(), fd);
  using _ = failing(fault, turn);
  const lines = ["a\n", "b\n", "c\n"];
  const failures: unknown[] = [];
  for (const line of lines) {
    try {
      output.write(line);
      output.flush();
    } catch (error) {
      failures.push(error);
    }
  }
  libc().close(fd);
  const isRetried = fault.errno === errnos["EAGAIN"] || fault.errno === errnos["EINTR"];
  const arrived = isRetried ? lines : lines.toSpliced(turn, 1);
  assert.equal(readFileSync(file, "utf8"), arrived.join(""));
  assert.equal(failures.length, isRetried ? 0 : 1);
  for (const error of failures) {
    assert.equal(error instanceof ClosedOutput, fault.errno === errnos["EPIPE"]);
    assert.match(String(error), new RegExp(strerror(libc(), fault.errno), "i"));
  }
}

for (const code of FAULTS_OF_TOOLS.kcmp_file) {
  test(`usage() counts two instances rather than none if kcmp fails with ${code}`, async () => {
    await using _one = new Inotify();
    await using _other = new Inotify();
    using fault = failing({ name: "kcmp_file", errno: errnos[code] }, 0);
    const { instances } = usage().processes.find((process) => process.pid === pid)!;
    assert.ok(fault.happened);
    assert.ok(instances >= 2, String(instances));
  });
}

test("Pattern throws if regcomp or regexec fails, as for want of memory", () => {
  const c = libc();
  const { regcomp, regexec } = c;
  const REG_ESPACE = 12;
  const pattern = new Pattern(libc(), "a", false);
  try {
    c.regcomp = () => REG_ESPACE;
    assert.throws(() => new Pattern(libc(), "b", false), SyntaxError);
    c.regexec = () => REG_ESPACE;
    assert.throws(() => pattern.matches("/a"), /Cannot tell whether "\/a" matches/);
  } finally {
    Object.assign(c, { regcomp, regexec });
  }
  assert.equal(pattern.matches("/a"), true);
});
