/** The API of chokidar with many links and removals: the time for one does not grow with the number of the others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Links } from "../../src/compat/chokidar_links.ts";
import { resolveOptions } from "../../src/compat/chokidar_options.ts";
import { type FileEvent, Timing } from "../../src/compat/chokidar_timing.ts";
import { monotonic } from "../../src/kernel/clock.ts";
import { libc } from "../../ffi/libc.ts";

const MANY = 20_000;

/** @returns how many milliseconds it takes to call back that often */
function time(count: number, callback: (i: number) => void): number {
  const start = monotonic(libc());
  for (let i = 0; i < count; i++) callback(i);
  return monotonic(libc()) - start;
}

test("a directory comes and goes as quickly with many removals of other files held", () => {
  const events: string[] = [];
  const emit = (event: FileEvent, path: string) => void events.push(`${event} ${path}`);
  const timing = new Timing(resolveOptions({ atomic: 60_000 }), emit);
  for (let i = 0; i < MANY; i++) timing.removed(`/files/${i}`, true);
  const spent = time(5_000, (i) => timing.endAtomic(`/directories/${i}`));
  assert.ok(spent < 500, `${spent} ms`);
  timing.endAtomic("/files/7");
  assert.deepEqual(events, ["unlink /files/7"]);
  timing.endAtomic("/files");
  assert.equal(events.length, MANY);
  timing.clear();
});

test("a directory goes as quickly with many links elsewhere", async () => {
  const followed = new Set<string>();
  const links = new Links({
    add: (path) => Promise.resolve(void followed.add(path)),
    added() {},
    remove: (path) => void followed.delete(path),
    isWatched: () => false,
  });
  for (let i = 0; i < MANY; i++) {
    links.typeOf(
      { kind: "create", path: `/none/${i}`, isDirectory: false, isSymbolicLink: true },
      true,
      false,
    );
  }
  await Promise.resolve(); // none is new any more
  const spent = time(5_000, (i) => links.removed(`/directories/${i}`));
  assert.ok(spent < 500, `${spent} ms`);
  assert.equal(followed.size, MANY);
  links.removed("/none");
  assert.equal(followed.size, 0);
});
