/**
 * Common programs at work in a watched tree: the model of the events, and of a batch of them, equals the
 * disk afterwards, and every changed file is reported.
 */

import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type WatchEvent } from "../../mod.ts";
import { coalesce } from "../../src/watch/coalesce.ts";
import { forEach, taken } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { missing, sh } from "../helpers/shell.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** sh(1) scripts; each starts with a tree `src` of 100 files. */
const SCRIPTS: Record<string, string> = {
  "git commit": "git init -q && git add . && git commit -qm one",
  "git checkout":
    "git init -q && git add . && git commit -qm one && git checkout -qb other && git mv src/1 moved && " +
    "date > src/2/3 && git rm -qr src/4 && git add . && git commit -qm two && " +
    "for i in 1 2 3 4 5; do git checkout -q -; done",
  "git stash":
    "git init -q && git add . && git commit -qm one && date > src/2/3 && rm -r src/4 && git stash -q && " +
    "git stash pop -q",
  "git gc": "git init -q && git add . && git commit -qm one && git gc -q",
  "git clone": "git init -q && git add . && git commit -qm one && git clone -q . clone",
  "git worktree":
    "git init -q && git add . && git commit -qm one && git worktree add -q tree && git worktree remove tree",
  "cp": "cp -a src copy && cp -r copy src/copy",
  "tar":
    "tar cf archive.tar src && mkdir there && tar xf archive.tar -C there && tar xf archive.tar",
  "mv":
    "cp -a src other && mv src/1 other/1/deep && mv other src/5 && mv -f src/5/other/2/3 src/2/3",
  "sed": "find src -type f | xargs sed -i s/e/a/",
  "find": "find src -type f -name '*3' -delete && find src -type f -exec touch {} +",
  "rm": "rm -rf src",
  "ln": "ln -s src/1 link && ln -sfn src/2 link && ln src/1/1 src/hard && rm src/1/1",
  "install": "mkdir bin && install -m 755 src/1/1 bin/one && install -m 755 src/2/2 bin/one",
  "vim":
    "for i in 1 2 3; do vim -u NONE -es -c 'set backup backupcopy=no backupskip=' -c 'normal Ohello' -c wq src/1/$i; done",
  "make":
    "printf 'all:\\n\\tfor i in $$(seq 300); do echo $$i > $$i.o; done; rm *.o\\n' > Makefile && make -s",
  "npm": "npm init -y >/dev/null && npm pkg set name=one && npm pack --silent >/dev/null",
};

for (const [title, script] of Object.entries(SCRIPTS)) {
  test(title, { skip: missing(title.split(" ")[0]) }, async () => {
    const root = tmpDir();
    await sh(
      "for i in $(seq 10); do mkdir -p src/$i; for j in $(seq 10); do echo $j > src/$i/$j; done; done",
      root,
    );
    await using watcher = watch(root, {
      events: ["create", "modify", "attrib", "remove", "rename"], // touch(1) changes no content
    });
    const events: WatchEvent[] = [];
    void forEach(watcher, (event) => events.push(event));
    await within(watcher.ready);
    const before = onDisk(root);
    const states = statesOf(before);
    await sh(script, root);
    await taken(watcher);

    const disk = onDisk(root);
    for (const reported of [events, coalesce(events, false)]) {
      const model = new Model();
      for (const path of before) model.paths.add(path);
      for (const event of reported) model.apply(event);
      assert.deepEqual([...model.paths].sort(), [...disk].sort());
      assert.deepEqual(model.contradictions, []);
      const changed = reported.flatMap(pathsOf);
      const unreported = [...statesOf(disk)].filter(([path, state]) =>
        states.has(path) && states.get(path) !== state &&
        !changed.some((one) => isWithin(path, one))
      );
      assert.deepEqual(unreported, []);
    }
  });
}

/** The state of each file, which differs after each change. */
function statesOf(paths: Iterable<string>): Map<string, string> {
  const files = [...paths].map((path) => [path, lstatSync(path, { bigint: true })] as const)
    .filter(([, status]) => !status.isDirectory());
  return new Map(files.map(([path, { ino, mtimeNs }]) => [path, `${ino} ${mtimeNs}`]));
}

/** The paths of an event; it also stands for everything below these. */
function pathsOf(event: WatchEvent): string[] {
  if (event.kind === "rename") return [event.from, event.path];
  return "path" in event ? [event.path] : [];
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(join(directory, "/"));
}
