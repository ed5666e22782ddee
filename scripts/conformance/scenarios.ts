/** The scenarios, in terms that any watcher could fulfil. */

import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Session } from "./session.ts";

/** A scenario: its sentence, and a test whether it is true of a watcher. */
export type Scenario = readonly [sentence: string, holds: (session: Session) => Promise<boolean>];

/** All scenarios, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  ["reports every file in a new directory, however fast it is filled", async (session) => {
    const { directory } = session;
    await session.watch();
    const files = Array.from({ length: 200 }, (_, i) => path.join(directory, `${i}/a/b/file`));
    for (const file of files) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, "");
    }
    return session.reports(...files);
  }],

  ["reports what is in a directory that is moved in", async (session) => {
    const { directory, elsewhere } = session;
    mkdirSync(path.join(elsewhere, "tree/deep"), { recursive: true });
    writeFileSync(path.join(elsewhere, "tree/deep/file"), "");
    await session.watch();
    renameSync(path.join(elsewhere, "tree"), path.join(directory, "tree"));
    if (!await session.reports(path.join(directory, "tree/deep/file"))) return false;
    appendFileSync(path.join(directory, "tree/deep/file"), "x");
    writeFileSync(path.join(directory, "tree/deep/new"), "");
    return session.reports(path.join(directory, "tree/deep/new"));
  }],

  ["says once of each file that it is complete, and not while it is written", async (session) => {
    const { directory, elsewhere } = session;
    const tree = path.join(elsewhere, "tree");
    mkdirSync(path.join(tree, "deep"), { recursive: true });
    const names = Array.from({ length: 20 }, (_, i) => `deep/${i}`);
    for (const name of names) writeFileSync(path.join(tree, name), name);
    await session.watch(undefined, undefined, undefined, true);
    spawnSync("cp", ["-r", tree, path.join(directory, "copied")]);
    renameSync(tree, path.join(directory, "moved"));
    const slow = path.join(directory, "slow");
    const times = (file: string) =>
      session.events.filter(({ kind, paths }) => kind === "complete" && paths[0] === file).length;
    const fd = openSync(slow, "w");
    writeSync(fd, "the first half");
    await new Promise((resolve) => setTimeout(resolve, 3000)); // as an upload that pauses
    const isEarly = times(slow) > 0;
    writeSync(fd, "the second half");
    closeSync(fd);
    const files = ["copied", "moved"].flatMap((top) =>
      names.map((name) => path.join(directory, top, name))
    );
    const isComplete = await session.waitFor(() =>
      [slow, ...files].every((file) => times(file) > 0)
    );
    await session.quiet();
    return isComplete && !isEarly && [slow, ...files].every((file) => times(file) === 1);
  }],

  ["reports nothing from a directory that was moved out", async (session) => {
    const { directory, elsewhere } = session;
    mkdirSync(path.join(directory, "tree/deep"), { recursive: true });
    await session.watch();
    renameSync(path.join(directory, "tree"), path.join(elsewhere, "tree"));
    if (!await session.reports(path.join(directory, "tree"))) return false;
    await session.quiet();
    session.events.length = 0;
    writeFileSync(path.join(elsewhere, "tree/deep/file"), "");
    await session.quiet();
    return session.events.length === 0;
  }],

  ["after a rename of a directory, reports the new path only", async (session) => {
    const { directory } = session;
    mkdirSync(path.join(directory, "old/deep"), { recursive: true });
    await session.watch();
    renameSync(path.join(directory, "old"), path.join(directory, "new"));
    await session.quiet();
    session.events.length = 0;
    writeFileSync(path.join(directory, "new/deep/file"), "");
    const isReported = await session.reports(path.join(directory, "new/deep/file"));
    await session.quiet();
    const stale = path.join(directory, "old");
    return isReported &&
      !session.events.some(({ paths }) => paths.some((one) => one.startsWith(stale)));
  }],

  ["reports a rename as one event with both paths", async (session) => {
    const { directory } = session;
    const [from, to] = ["a", "b"].map((name) => path.join(directory, name));
    writeFileSync(from, "");
    await session.watch();
    renameSync(from, to);
    return session.waitFor(() =>
      session.events.some(({ paths }) => paths.join() === `${to},${from}`)
    );
  }],

  ["keeps watching a file that is saved by a rename, twice", async (session) => {
    const file = path.join(session.directory, "file");
    writeFileSync(file, "0");
    await session.watch(file);
    for (const text of ["1", "2", "3"]) {
      await session.quiet();
      session.events.length = 0;
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
      if (!await session.waitFor(() => session.events.length > 0)) return false;
    }
    return true;
  }],

  ["keeps watching a directory that is removed and created again", async (session) => {
    const root = path.join(session.directory, "root");
    mkdirSync(root);
    await session.watch(root);
    rmSync(root, { recursive: true });
    await session.quiet();
    mkdirSync(root);
    await session.quiet();
    writeFileSync(path.join(root, "file"), "");
    return session.reports(path.join(root, "file"));
  }],

  [
    "after an overflow of the kernel's queue, misses nothing or reports the loss",
    async (session) => {
      const { directory } = session;
      await session.watch();
      const length = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
      const files = Array.from({ length: 2 * length }, (_, i) => path.join(directory, `${i}`));
      process.kill(session.pid, "SIGSTOP");
      for (const file of files) writeFileSync(file, "");
      process.kill(session.pid, "SIGCONT");
      const isLossReported = () =>
        session.events.some(({ kind }) => kind === "overflow" || kind === "rescan");
      return await session.reports(...files) || isLossReported();
    },
  ],

  ["reports a name that is not UTF-8, and the events after it", async (session) => {
    const { directory } = session;
    await session.watch();
    spawnSync("sh", ["-c", `touch "$(printf '${directory}/\\377')"`]);
    const isReported = await session.waitFor(() => session.events.length > 0);
    writeFileSync(path.join(directory, "after"), "");
    return await session.reports(path.join(directory, "after")) && isReported;
  }],

  ["does not watch what is ignored", async (session) => {
    const { directory } = session;
    for (let i = 0; i < 100; i++) {
      mkdirSync(path.join(directory, `node_modules/${i}`), { recursive: true });
    }
    await session.watch(directory, path.join(directory, "node_modules"));
    const watches = session.watches();
    writeFileSync(path.join(directory, "file"), "");
    return await session.reports(path.join(directory, "file")) && watches < 100;
  }],

  ["keeps reporting when another watcher is closed", async (session) => {
    const { directory } = session;
    const inner = path.join(directory, "inner");
    mkdirSync(inner);
    await session.watch(directory);
    await session.watch(inner);
    await session.close(inner);
    await session.quiet();
    writeFileSync(path.join(inner, "file"), "");
    return session.waitFor(() =>
      session.events.some(({ watched, paths }) =>
        watched === directory && paths.includes(path.join(inner, "file"))
      )
    );
  }],

  ["works in a worker, and leaves no watch behind when that is terminated", async (session) => {
    const { directory } = session;
    for (let i = 0; i < 10; i++) mkdirSync(path.join(directory, `${i}`));
    const watches = session.watches();
    await session.watchInWorker();
    const file = path.join(directory, "9/file");
    writeFileSync(file, "");
    if (!await session.reports(file)) return false;
    await session.terminateWorker();
    return session.waitFor(() => session.watches() <= watches);
  }],

  ["is not misled by a symbolic link that leads back", async (session) => {
    const { directory } = session;
    mkdirSync(path.join(directory, "a"));
    symlinkSync("..", path.join(directory, "a/loop"));
    await session.watch();
    const file = path.join(directory, "a/file");
    writeFileSync(file, "");
    const isReported = await session.reports(file);
    await session.quiet();
    return isReported &&
      session.events.every(({ paths }) => paths.every((one) => !one.includes("loop")));
  }],

  [
    "reports changes of a file that a symbolic link leads to, also after a save",
    async (session) => {
      const { directory } = session;
      const [root, file] = ["root", "file"].map((name) => path.join(directory, name));
      const link = path.join(root, "link");
      mkdirSync(root);
      writeFileSync(file, "");
      symlinkSync("../file", link);
      await session.watch(root, undefined, true);
      appendFileSync(file, "x");
      if (!await session.reports(link)) return false;
      writeFileSync(`${file}~`, "x");
      renameSync(`${file}~`, file);
      await session.quiet();
      session.events.length = 0;
      appendFileSync(file, "x");
      return session.reports(link);
    },
  ],

  ["reports a write by the hard link through which it was done", async (session) => {
    const { directory } = session;
    for (const name of ["a", "b"]) mkdirSync(path.join(directory, name));
    writeFileSync(path.join(directory, "a/file"), "");
    linkSync(path.join(directory, "a/file"), path.join(directory, "b/link"));
    await session.watch();
    appendFileSync(path.join(directory, "b/link"), "x");
    return session.reports(path.join(directory, "b/link"));
  }],

  ["reports changes in a file system that is mounted over a directory", async (session) => {
    const inner = path.join(session.directory, "inner");
    mkdirSync(inner);
    await session.watch();
    if (spawnSync("mount", ["-t", "tmpfs", "tmpfs", inner]).status !== 0) {
      throw new Error("mount(8) is refused: run this as root, with `unshare -m`");
    }
    try {
      writeFileSync(path.join(inner, "file"), "");
      return await session.reports(path.join(inner, "file"));
    } finally {
      spawnSync("umount", [inner]);
    }
  }],
];
