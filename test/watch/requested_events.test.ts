/** What `watch()` asks the kernel for: no event that nobody wants, and nothing of what is ignored. */

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

/** What says nothing of an entry's coming and going. */
const CONTENT = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE;

/** The bits of {@link CONTENT} that the kernel is asked for at a path; `undefined` if there is no watch. */
function asked(path: string): string[] | undefined {
  const mask = watchMasks().get(statSync(path).ino);
  return mask === undefined ? undefined : maskNames(mask & CONTENT);
}

/** A tree with a file and directories, one in the other. */
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

  test(`for ${events ?? "the default kinds"} the kernel is asked for no more`, async () => {
    const { root, sub } = tree();
    await using watcher = watch(root, options);
    await within(watcher.ready);
    const late = join(sub, "late");
    mkdirSync(late);
    await within(watcher.sync());
    assert.deepEqual([root, sub, late].map(asked), [bits, bits, bits]);
    assert.deepEqual(asked(dirname(root)), []);
  });

  test(`for ${events ?? "the default kinds"} of a file neither`, async () => {
    const { file, sub } = tree();
    await using watcher = watch(file, options);
    await within(watcher.ready);
    assert.deepEqual([file, dirname(file)].map(asked), [bits, bits]);
    assert.deepEqual(asked(sub), undefined);
  });
}

test("what is ignored has no watch", async () => {
  const { root, sub } = tree();
  await using watcher = watch(root, { ignore: "sub" });
  await within(watcher.ready);
  mkdirSync(join(root, "late/sub"), { recursive: true });
  await within(watcher.sync());
  const paths = [join(root, "late"), join(root, "late/sub"), dirname(sub), sub];
  assert.deepEqual(paths.map(asked), [["IN_MODIFY"], undefined, undefined, undefined]);
});

/** Watches a tree. @returns what the kernel tells of some paths meanwhile */
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

test("what is ignored is not even opened", async () => {
  const { root, sub } = tree();
  assert.deepEqual(await observed([sub, dirname(sub)], root, "sub"), []);
});

test("nothing but directories is opened, and nothing is changed", async () => {
  const { root, sub, file } = tree();
  spawnSync("mkfifo", [join(sub, "fifo")]);
  symlinkSync("fifo", join(sub, "link"));
  const server = createServer().listen(join(sub, "socket"));
  await once(server, "listening");
  const told = await observed([root, sub, file], root, "nothing");
  server.close();
  const opened = ["IN_ACCESS", "IN_CLOSE_NOWRITE", "IN_OPEN"].map((bit) => `${bit} IN_ISDIR`);
  assert.deepEqual([...new Set(told)].sort(), opened);
});

test("devices are entries like files", async () => {
  await using watcher = watch("/dev", { recursive: false, initial: true });
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => lines.push(line(event)));
  await within(watcher.ready);
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.ok(lines.includes("exists /dev/null"));
});

test("the default kinds have no event of the watcher's own", async () => {
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
