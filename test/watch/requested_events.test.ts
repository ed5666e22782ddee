/** `watch()` asks the kernel only for requested events, and does not touch ignored entries. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import {
  IN_ACCESS,
  IN_ALL_EVENTS,
  IN_ATTRIB,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_MODIFY,
  IN_OPEN,
  Inotify,
  maskNames,
  watch,
  type WatchKind,
} from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { watchMasks } from "../helpers/proc.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** The events that do not report an arrival or a removal. */
const CONTENT = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE;

/** The bits of {@link CONTENT} in the mask of the watch at a path; `undefined` without a watch. */
function requested(path: string): string[] | undefined {
  const mask = watchMasks().get(statSync(path).ino);
  return mask === undefined ? undefined : maskNames(mask & CONTENT);
}

/** A directory with a file and two nested directories. */
function tree(): { readonly root: string; readonly sub: string; readonly file: string } {
  const root = tmpDir();
  const [sub, file] = [join(root, "sub/sub"), join(root, "file")];
  mkdirSync(sub, { recursive: true });
  writeFileSync(file, "");
  return { root, sub, file };
}

for (
  const [events, bits] of [
    [undefined, ["IN_MODIFY"]],
    [["create", "remove", "rename"], []],
    [["closeWrite"], ["IN_CLOSE_WRITE"]],
    [["attrib", "modify"], ["IN_MODIFY", "IN_ATTRIB"]],
    [["open", "access", "closeNoWrite"], ["IN_ACCESS", "IN_CLOSE_NOWRITE", "IN_OPEN"]],
  ] as const satisfies [WatchKind[] | undefined, string[]][]
) {
  const options = events && { events };

  test(`watch() requests no other events for a directory than ${events ?? "the default kinds"}`, async () => {
    const { root, sub } = tree();
    await using watcher = watch(root, options);
    await within(watcher.ready);
    const late = join(sub, "late");
    mkdirSync(late);
    await within(watcher.sync());
    assert.deepEqual([root, sub, late].map(requested), [bits, bits, bits]);
    assert.deepEqual(requested(dirname(root)), []);
  });

  test(`watch() requests no other events for a file than ${events ?? "the default kinds"}`, async () => {
    const { file, sub } = tree();
    await using watcher = watch(file, options);
    await within(watcher.ready);
    assert.deepEqual([file, dirname(file)].map(requested), [bits, bits]);
    assert.deepEqual(requested(sub), undefined);
  });
}

test("an ignored directory has no watch", async () => {
  const { root, sub } = tree();
  await using watcher = watch(root, { ignore: "sub" });
  await within(watcher.ready);
  mkdirSync(join(root, "late/sub"), { recursive: true });
  await within(watcher.sync());
  const paths = [join(root, "late"), join(root, "late/sub"), dirname(sub), sub];
  assert.deepEqual(paths.map(requested), [["IN_MODIFY"], undefined, undefined, undefined]);
});

/** Watches a tree. @returns the kernel's events of some paths meanwhile */
async function observed(paths: readonly string[], root: string, ignore: string): Promise<string[]> {
  await using observer = new Inotify();
  for (const path of paths) observer.addWatch(path, IN_ALL_EVENTS);
  await using watcher = watch(root, { ignore, followSymlinks: true, initial: true });
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => lines.push(line(event)));
  await within(watcher.ready);
  await taken(watcher);
  assert.ok(lines.includes(`exists ${root}`));
  await watcher.close();
  await loop;
  return observer.readSync().map(({ mask }) => maskNames(mask).join(" "));
}

test("an ignored directory is not opened", async () => {
  const { root, sub } = tree();
  assert.deepEqual(await observed([sub, dirname(sub)], root, "sub"), []);
});

test("watch() opens directories only, and changes nothing", async () => {
  const { root, sub, file } = tree();
  spawnSync("mkfifo", [join(sub, "fifo")]);
  symlinkSync("fifo", join(sub, "link"));
  const server = createServer().listen(join(sub, "socket"));
  await once(server, "listening");
  const events = await observed([root, sub, file], root, "nothing");
  server.close();
  const opened = ["IN_ACCESS", "IN_CLOSE_NOWRITE", "IN_OPEN"].map((bit) => `${bit} IN_ISDIR`);
  assert.deepEqual([...new Set(events)].sort(), opened);
});

test("watch() reports devices as entries", async () => {
  await using watcher = watch("/dev", { recursive: false, initial: true });
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => lines.push(line(event)));
  await within(watcher.ready);
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.ok(lines.includes("exists /dev/null"));
});

test("a scan by another watcher is no event of the default kinds", async () => {
  const { root, sub } = tree();
  await using first = watch(root);
  const lines: string[] = [];
  const loop = forEach(first, (event) => lines.push(line(event)));
  await within(first.ready);
  await using second = watch([root, sub, join(root, "not there")], { events: ["open", "access"] });
  await within(second.ready);
  await taken(first);
  await first.close();
  await loop;
  assert.deepEqual(lines, []);
});
