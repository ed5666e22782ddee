/**
 * A tree that was made to do harm is watched like any other.
 *
 * INOTIFY_ENTRIES sets the number of entries of the full directory.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch, type WatchEvent } from "../../mod.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const ENTRIES = Number(process.env["INOTIFY_ENTRIES"] ?? 50_000);

/** The depth of a tree of short names whose paths are below PATH_MAX. */
const DEPTH = 1900;
const NAMES = ["\x1b]0;title\x07", "-rf", "$(reboot)", "a\nb", " ", "é".repeat(127), "\u202egpj"];

function sh(directory: string, command: string): void {
  execFileSync("sh", ["-c", command], { cwd: directory });
}

test("a hostile tree is watched completely, and changes in it are reported", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  for (const name of NAMES) mkdirSync(at(name));
  sh(directory, `mkdir "$(printf '\\377')" full && touch "$(printf '\\377/\\376')" && mkfifo fifo`);
  sh(at("full"), `seq ${ENTRIES} | xargs touch`);
  mkdirSync(join(directory, ...Array(DEPTH).fill("d")), { recursive: true });
  mkdirSync(at("loops"));
  for (let i = 0; i < 50; i++) symlinkSync(i % 2 ? ".." : `../loops`, at(`loops/${i}`));
  const server = createServer().listen(at("socket"));
  await once(server, "listening");

  const model = new Model();
  const changes: WatchEvent[] = [];
  const watcher = watch(directory, { initial: true, followSymlinks: true, maxQueue: 2 * ENTRIES });
  const loop = (async () => {
    for await (const event of watcher) {
      model.apply(event);
      if (event.kind !== "exists") changes.push(event);
    }
  })();
  await within(watcher.ready);
  const made = [...NAMES, "full", "loops", Array(DEPTH).fill("d").join("/")].map((name) => {
    writeFileSync(at(`${name}/made`), "");
    return at(`${name}/made`);
  });
  sh(directory, "mv fifo moved");
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await loop;
  const disk = onDisk(directory);
  server.close(); // removes the socket
  sh(directory, "rm -r ./*"); // Bun's rmSync takes long

  assert.deepEqual(model.contradictions, []);
  assert.deepEqual(model.errors, []);
  assert.deepEqual(model.paths, disk);
  const created = changes.filter(({ kind }) => kind === "create").map((event) =>
    "path" in event ? event.path : ""
  );
  assert.deepEqual(created.sort(), made.sort());
  assert.ok(changes.some((event) => event.kind === "rename" && event.path === at("moved")));
});
