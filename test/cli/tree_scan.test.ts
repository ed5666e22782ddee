/** `TreeScan`: what a scan finds, and how events that were queued meanwhile correct it. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import {
  IN_ALL_EVENTS,
  IN_CLOSE_NOWRITE,
  IN_CREATE,
  IN_DELETE,
  IN_ISDIR,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_OPEN,
  Inotify,
  type InotifyEvent,
} from "../../mod.ts";
import { newPlace, Places } from "../../src/cli/inotifytools/places.ts";
import { TreeScan } from "../../src/cli/inotifytools/tree_scan.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** Scans a new directory with a file, "file", and directories, "a" and "a/b". */
function scanned(created = true) {
  const directory = tmpDir();
  mkdirSync(join(directory, "a/b"), { recursive: true });
  writeFileSync(join(directory, "file"), "");
  const inotify = new Inotify();
  const places = new Places(() => false, (wd) => inotify.rmWatch(wd));
  const observer = { uncovered: () => assert.fail() };
  const { fd } = inotify;
  const scan = new TreeScan({ libc: libc(), fd, mask: IN_ALL_EVENTS, places, observer }, false);
  const root = newPlace(`${directory}/`, undefined, "", created);
  assert.deepEqual([...scan.run(root)], []);
  const wd = root.wd!;
  return {
    inotify,
    places,
    scan,
    root,
    a: root.children.get("a")!,
    /** An event of an entry of the root. */
    event: (mask: number, name: string): InotifyEvent => ({ wd, mask, cookie: 0, name }),
    /** The entries of the root to report as created. */
    created: () => [...scan.created.get(root) ?? []].sort(),
  };
}

test("TreeScan finds all entries of directories that are new", async () => {
  const { inotify, scan, places, a, created } = scanned();
  assert.deepEqual(created(), [["a", true], ["file", false]]);
  assert.deepEqual([...scan.created.get(a)!], [["b", true]]);
  assert.equal(places.watched.size, 3);
  await inotify.close();
});

test("TreeScan finds no news in directories that were there before the watch", async () => {
  const { inotify, scan, places } = scanned(false);
  assert.equal(scan.created.size, 0);
  assert.equal(places.watched.size, 3);
  await inotify.close();
});

test("TreeScan.settle() drops the creation of what was found, and keeps others", async () => {
  const { inotify, scan, event, created } = scanned();
  const later = event(IN_CREATE, "later");
  assert.deepEqual(scan.settle([event(IN_CREATE, "file"), later]), [later]);
  assert.deepEqual(created(), [["a", true], ["file", false]]);
  await inotify.close();
});

test("TreeScan.settle() does not report as created what was moved in", async () => {
  const { inotify, scan, event, created } = scanned();
  const moved = event(IN_MOVED_TO, "file");
  assert.deepEqual(scan.settle([moved]), [moved]);
  assert.deepEqual(created(), [["a", true]]);
  await inotify.close();
});

test("TreeScan.settle() reports as created what left before it was listed", async () => {
  const { inotify, scan, root, event, created } = scanned();
  const events = [event(IN_DELETE, "x"), event(IN_MOVED_FROM | IN_ISDIR, "y")];
  assert.deepEqual(scan.settle(events), events);
  assert.deepEqual(created(), [["a", true], ["file", false], ["x", false], ["y", true]]);
  assert.ok(root.children.has("y"));
  await inotify.close();
});

test("TreeScan.settle() discards the events of the scan up to its end", async () => {
  const { inotify, scan, event } = scanned();
  const open = event(IN_OPEN | IN_ISDIR, "");
  const close = event(IN_CLOSE_NOWRITE | IN_ISDIR, "");
  assert.deepEqual(scan.settle([open, close, open, close]), [open, close]);
  await inotify.close();
});

test("TreeScan.settle() schedules a directory again whose name another one got", async () => {
  const { inotify, scan, places, root, a, event } = scanned();
  const events = [event(IN_DELETE | IN_ISDIR, "a"), event(IN_CREATE | IN_ISDIR, "a")];
  scan.settle(events);
  assert.deepEqual([...places.watched.values()], [root]);
  assert.deepEqual(places.takeScheduled(), [a]);
  assert.equal(scan.created.has(a), false);
  await inotify.close();
});
