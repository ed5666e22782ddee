/** A path that is waited for, while the directories on the way to it come and go. */

import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** By what a directory is held; as long as it is, the kernel sends no IN_DELETE_SELF of it. */
const HOLDS: Record<string, string> = {
  "nobody": "",
  "an open directory": "dist",
  "an open directory above it": ".",
  "an open file in it": "dist/log",
};

for (const [holder, held] of Object.entries(HOLDS)) {
  for (const kind of ["file", "directory"]) {
    for (const wasThere of [false, true]) {
      const what = `a ${kind} that ${wasThere ? "was" : "was never"} there`;
      test(`watch() reports ${what}, when its directory, held by ${holder}, is made again`, async () => {
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
        if (wasThere) make();
        await using watcher = watch(path, { events: ["create", "remove"] });
        await within(watcher.ready);
        const lines: string[] = [];
        const loop = forEach(watcher, (event) => void lines.push(line(event)));
        const fd = held === "" ? -1 : openSync(at(held), "r");
        if (wasThere) {
          rmSync(path, { recursive: true });
          await taken(watcher);
        }
        rmSync(at(held === "." ? "." : "dist"), { recursive: true });
        await taken(watcher);
        make();
        await taken(watcher);
        const expected = [...wasThere ? [`remove ${path}`] : [], `create ${path}`];
        assert.deepEqual(lines, expected); // though it is still held
        if (fd !== -1) closeSync(fd);
        await taken(watcher);
        assert.deepEqual(lines, expected);
        await watcher.close();
        await loop;
      });
    }
  }
}
