/** The paths that the API of chokidar keeps: what is in a directory, or above a path, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Links } from "../../src/compat/chokidar_links.ts";
import { resolveOptions } from "../../src/compat/chokidar_options.ts";
import { isWithin, nearest, Paths } from "../../src/compat/chokidar_paths.ts";
import { type FileEvent, Timing } from "../../src/compat/chokidar_timing.ts";

test("Paths.in() gives those in a directory, and not those below or beside it", () => {
  const paths = new Paths();
  for (const path of ["/a/b", "/a/c", "/a/c/d", "/ab", "/a"]) paths.add(path);
  assert.deepEqual(paths.in("/a"), ["/a/b", "/a/c"]);
  assert.deepEqual(paths.in("/"), ["/ab", "/a"]);
  paths.delete("/a/b");
  paths.delete("/a/none");
  assert.deepEqual(paths.in("/a"), ["/a/c"]);
  paths.clear();
  assert.deepEqual(paths.in("/a"), []);
});

test("a path is within itself, / and what is above it", () => {
  const above = ["/", "/a", "/a/b", "/a/b/c", "/a/", "/b"].filter((one) => isWithin("/a/b", one));
  assert.deepEqual(above, ["/", "/a", "/a/b"]);
  assert.equal(nearest(new Set(["/", "/a", "/a/bc"]), "/a/b/c"), "/a");
  assert.equal(nearest(new Set(["/a/b", "/b"]), "/a/c"), undefined);
});

test("a directory that comes or goes ends the wait for the files in it, and for no others", () => {
  const events: string[] = [];
  const emit = (event: FileEvent, path: string) => void events.push(`${event} ${path}`);
  const timing = new Timing(resolveOptions({ atomic: 60_000 }), emit);
  for (const path of ["/d/a", "/d/b", "/e/a", "/f"]) timing.removed(path, true);
  timing.added("/d/b"); // it is back
  timing.endAtomic("/d");
  assert.deepEqual(events.splice(0), ["unlink /d/a"]);
  timing.endAtomic("/f");
  assert.deepEqual(events.splice(0), ["unlink /f"]);
  timing.forget("/e");
  timing.endAtomic("/e");
  assert.deepEqual(events, []);
  timing.clear();
});

test("with a directory go the links in it, and no others", async () => {
  const followed = new Set<string>();
  const links = new Links({
    add: (path) => Promise.resolve(void followed.add(path)),
    added() {},
    remove: (path) => void followed.delete(path),
    isWatched: () => false,
  });
  for (const path of ["/none/d/a", "/none/d/b", "/none/e/a"]) {
    links.typeOf(
      { kind: "create", path, isDirectory: false, isSymbolicLink: true },
      true,
      false,
    );
  }
  assert.deepEqual([links.isNew("/none/d/a/file"), links.isNew("/none/d")], [true, false]);
  await Promise.resolve();
  assert.equal(links.isNew("/none/d/a"), false);
  links.removed("/none/d");
  assert.deepEqual([...followed], ["/none/e/a"]);
  links.removed("/none/e/a");
  assert.deepEqual([...followed], []);
});
