/** `Statuses` and `Statuses`, of real entries. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AT_FDCWD } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { type Status, Statuses } from "../../src/engine/statuses.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { make, pictureOf } from "../helpers/pictures.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

/** Reads a status. */
function read(statuses: Statuses, path: string, follow = false): Status {
  const status = statuses.add(false);
  assert.ok(statuses.read(libc(), status, AT_FDCWD, cString(path), follow));
  return status;
}

/** Whether a change of a file is seen in its status. */
function isSeen(change: (path: string) => void): boolean {
  const path = join(tmpDir(fastest), "f");
  writeFileSync(path, "text");
  const statuses = new Statuses();
  const before = read(statuses, path);
  change(path);
  return statuses.mayDiffer(before, statuses, read(statuses, path), false);
}

test("Statuses.mayDiffer() is false for a file that nobody has changed", () => {
  assert.equal(isSeen(() => {}), false);
  assert.equal(isSeen((path) => statSync(path)), false);
});

test("Statuses.mayDiffer() is true after a write, and after changes of attributes", () => {
  assert.equal(isSeen((path) => appendFileSync(path, "x")), true);
  assert.equal(isSeen((path) => utimesSync(path, 1, 1)), true);
  assert.equal(isSeen((path) => chmodSync(path, 0o600)), true);
});

test("Statuses.mayDiffer() of a renamed file does not count the change time", () => {
  const path = join(tmpDir(fastest), "f");
  writeFileSync(path, "text");
  const statuses = new Statuses();
  const before = read(statuses, path);
  for (let now = before; statuses.changed(now) === statuses.changed(before);) {
    renameSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
    now = read(statuses, path);
  }
  const now = read(statuses, path);
  assert.equal(statuses.mayDiffer(before, statuses, now, false), true);
  assert.equal(statuses.mayDiffer(before, statuses, now, true), false);
});

test("Statuses.identity() stays with an entry, and is of no other one", () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  writeFileSync(at("a"), "");
  mkdirSync(at("d"));
  const statuses = new Statuses();
  const [a, d] = [read(statuses, at("a")), read(statuses, at("d"))];
  renameSync(at("a"), at("b"));
  writeFileSync(at("a"), "");
  const [other, b] = [read(statuses, at("a")), read(statuses, at("b"))];
  assert.notEqual(statuses.identity(a), undefined);
  assert.equal(statuses.identity(b), statuses.identity(a));
  assert.equal(new Set([a, d, other].map((one) => statuses.identity(one))).size, 3);
  assert.equal(statuses.isSame(a, statuses, b), true);
  assert.equal(statuses.isSame(a, statuses, other), false);
});

test("Statuses without a time of birth have no identity, but a likeness", () => {
  const [before, now] = [pictureOf("/t", make(true), false), pictureOf("/t", make(true), false)];
  const [one, other] = [before, now].map(({ roots }) => roots.entries.get("/t")!);
  assert.equal(before.statuses.identity(one), undefined);
  assert.notEqual(before.statuses.likeness(one), now.statuses.likeness(other));
});

test("Statuses.read() follows a link only if asked, and fails for what is not there", () => {
  const directory = tmpDir(fastest);
  mkdirSync(join(directory, "d"));
  symlinkSync("d", join(directory, "link"));
  const statuses = new Statuses();
  const d = read(statuses, join(directory, "d"));
  assert.equal(statuses.isSame(d, statuses, read(statuses, join(directory, "link"), true)), true);
  assert.equal(statuses.isSame(d, statuses, read(statuses, join(directory, "link"))), false);
  const missing = statuses.add(true);
  assert.equal(
    statuses.read(libc(), missing, AT_FDCWD, cString(join(directory, "x")), false),
    false,
  );
  assert.deepEqual([statuses.isDirectory(missing), statuses.identity(missing)], [true, undefined]);
});

test("Statuses.changed() is the change time, and the latest it may stand for if that is a whole second", () => {
  const path = join(tmpDir(fastest), "f");
  writeFileSync(path, "");
  const statuses = new Statuses();
  const status = read(statuses, path);
  const elapsed = Date.now() - statuses.changed(status);
  assert.ok(elapsed > -100 && elapsed < 10_000, String(elapsed));
  utimesSync(path, 1000, 1000);
  assert.equal(statuses.modified(read(statuses, path)), 1_002_000);
});

test("Picture.find() is where a path is or would be, and undefined below what was not listed", () => {
  const top = make(true);
  const inside = make(true);
  top.entries.set("d", inside);
  inside.entries.set("f", make(false));
  const picture = pictureOf("/t", top);
  const found = (path: string) => {
    const place = picture.find(path);
    return place && [place.name, place.content.entries.has(place.name)];
  };
  assert.deepEqual(found("/t"), ["/t", true]);
  assert.deepEqual(found("/t/d/f"), ["f", true]);
  assert.deepEqual(found("/t/d/g"), ["g", false]);
  assert.equal(found("/t/x/y"), undefined);
  assert.equal(found("/u"), undefined);
  assert.deepEqual([...picture.paths()], [["/t", true], ["/t/d", true], ["/t/d/f", false]]);
});
