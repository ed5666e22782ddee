/** Waiting for a path, while directories above it are removed and created again. */

import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** What holds the directory open; meanwhile the kernel sends no IN_DELETE_SELF for it (inotify(7)). */
const HOLDS: Record<string, string> = {
  "nothing": "",
  "an open directory": "dist",
  "an open directory above it": ".",
  "an open file in it": "dist/log",
};

for (const [holder, held] of Object.entries(HOLDS)) {
  for (const kind of ["file", "directory"]) {
    for (const existed of [false, true]) {
      const what = `a ${kind} that ${existed ? "existed" : "never existed"}`;
      test(`watch() reports ${what} when its removed directory, held open by ${holder}, is created again`, async () => {
        const base = tmpDir(fastest);
        const at = (name: string) => join(base, "top", name);
        const path = at("dist/app");
        const make = () => {
          mkdirSync(at("dist"), { recursive: true });
          if (kind === "directory") mkdirSync(path);
          else writeFileSync(path, "");
        };
        mkdirSync(at("dist"), { recursive: true });
        writeFileSync(at("dist/log"), "");
        if (existed) make();
        await using watcher = watch(path, { events: ["create", "remove"] });
        await within(watcher.ready);
        const lines: string[] = [];
        const loop = forEach(watcher, (event) => void lines.push(line(event)));
        const fd = held === "" ? -1 : openSync(at(held), "r");
        if (existed) {
          rmSync(path, { recursive: true });
          await taken(watcher);
        }
        rmSync(at(held === "." ? "." : "dist"), { recursive: true });
        await taken(watcher);
        make();
        await taken(watcher);
        const expected = [...existed ? [`remove ${path}`] : [], `create ${path}`];
        assert.deepEqual(lines, expected); // while it is still held open
        if (fd !== -1) closeSync(fd);
        await taken(watcher);
        assert.deepEqual(lines, expected);
        await watcher.close();
        await loop;
      });
    }
  }
}
