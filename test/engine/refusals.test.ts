/** `Refusals`: directories that may not be read are tried again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../src/engine/directory.ts";
import { Refusals } from "../../src/engine/refusals.ts";
import { EACCES } from "../../ffi/errno.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Trees } from "../helpers/trees.ts";

/** Refusals of `/a/d`, and the paths that are tried again. */
function refusals(isRefused: boolean) {
  const { disk, fake } = new Trees();
  disk.directory("/a/d");
  if (isRefused) { for (const path of ["/a/d", "/a/d/."]) fake.errnos.set(path, EACCES); }
  const retried: string[] = [];
  const refused = new Refusals(fake.instance, ({ path }) => retried.push(path));
  return { fake, retried, refused, directory: new Directory("/a/d", NOBODY) };
}

test("Refusals.add() watches the way to a directory, until it is deleted", () => {
  const { fake, retried, refused, directory } = refusals(true);
  refused.add(directory, undefined);
  assert.deepEqual([retried, fake.ownersAt("/a").length > 0], [[], true]);
  refused.delete(directory);
  assert.equal(fake.ownersAt("/a").length, 0);
});

test("Refusals.add() releases the way of the last time", () => {
  const { fake, refused, directory } = refusals(true);
  refused.add(directory, undefined);
  const { length } = fake.ownersAt("/a");
  refused.add(directory, refused.take(directory));
  assert.equal(fake.ownersAt("/a").length, length);
  refused.delete(directory);
  assert.equal(fake.ownersAt("/a").length, 0);
});

test("Refusals.take() takes a directory out", () => {
  const { retried, refused, directory } = refusals(true);
  refused.add(directory, undefined);
  assert.notEqual(refused.take(directory), undefined);
  assert.equal(refused.take(directory), undefined);
  refused.retryAll();
  assert.deepEqual(retried, []);
});

test("Refusals.add() tries a directory at once that may be watched, and not for ever", () => {
  const { retried, refused, directory } = refusals(false);
  let before: ReturnType<Refusals["take"]>;
  for (let i = 0; i < 9; i++) {
    refused.add(directory, before);
    before = refused.take(directory);
  }
  assert.deepEqual(retried, ["/a/d", "/a/d"]);
});

test("Refusals.retryAll() tries each, and close() releases the ways", () => {
  const { fake, retried, refused, directory } = refusals(true);
  refused.add(directory, undefined);
  refused.retryAll();
  refused.close();
  refused.retryAll();
  assert.deepEqual([retried, fake.ownersAt("/a").length], [["/a/d"], 0]);
});
