/**
 * What the programs do that people have at work in a tree that is watched: the events give what is on the
 * disk afterwards, and leave out no file that has changed.
 */

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import { watch, type WatchEvent } from "../mod.ts";
import { Model, onDisk } from "./helpers/model.ts";
import { tmpDir } from "./helpers/tmp.ts";
import { within } from "./helpers/within.ts";

/** Scripts of sh(1), with a tree `src` of a hundred files where they begin. */
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
    "for i in 1 2 3; do vim -u NONE -es -c 'set backup backupcopy=no' -c 'normal Ohello' -c wq src/1/$i; done",
  "make":
    "printf 'all:\\n\\tfor i in $$(seq 300); do echo $$i > $$i.o; done; rm *.o\\n' > Makefile && make -s",
  "npm": "npm init -y >/dev/null && npm pkg set name=one && npm pack --silent >/dev/null",
};

for (const [title, script] of Object.entries(SCRIPTS)) {
  const [program] = title.split(" ");
  const isThere = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  test(title, { skip: isThere ? false : `${program} is not on the PATH` }, async () => {
    const root = tmpDir();
    await sh(
      "for i in $(seq 10); do mkdir -p src/$i; for j in $(seq 10); do echo $j > src/$i/$j; done; done",
      root,
    );
    const model = new Model();
    const told: string[] = [];
    await using watcher = watch(root, {
      initial: true,
      events: ["create", "modify", "attrib", "remove", "rename"], // touch(1) changes no content
    });
    void (async () => {
      for await (const event of watcher) {
        model.apply(event);
        told.push(...changed(event));
      }
    })();
    await within(watcher.ready);
    const before = states(onDisk(root));
    await sh(script, root);
    await within(watcher.sync());
    await new Promise((resolve) => setTimeout(resolve, 0)); // the loop takes what is in its queue

    const disk = onDisk(root);
    assert.deepEqual([...model.paths].sort(), [...disk].sort());
    assert.deepEqual(model.contradictions, []);
    const untold = [...states(disk)].filter(([path, state]) =>
      before.has(path) && before.get(path) !== state && !told.some((one) => isWithin(path, one))
    );
    assert.deepEqual(untold, []);
  });
}

async function sh(script: string, cwd: string): Promise<void> {
  const identity = { NAME: "Ada", EMAIL: "ada@example.com" };
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: tmpDir() };
  for (const [key, value] of Object.entries(identity)) {
    env[`GIT_AUTHOR_${key}`] = env[`GIT_COMMITTER_${key}`] = value;
  }
  await promisify(execFile)("sh", ["-ec", script], { cwd, env });
}

/** What stands for each file, and is another after it has changed. */
function states(paths: Iterable<string>): Map<string, string> {
  const files = [...paths].map((path) => [path, lstatSync(path, { bigint: true })] as const)
    .filter(([, status]) => !status.isDirectory());
  return new Map(files.map(([path, { ino, mtimeNs }]) => [path, `${ino} ${mtimeNs}`]));
}

/** The paths that an event is of; all that is below a directory that comes or goes with it is, too. */
function changed(event: WatchEvent): string[] {
  if (event.kind === "rename") return [event.from, event.path];
  return "path" in event && event.kind !== "exists" ? [event.path] : [];
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(join(directory, "/"));
}
