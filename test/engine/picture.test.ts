/** `Picture`: what was at some paths. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Content, Picture } from "../../src/engine/picture.ts";

/** A picture of paths; those that end with a slash are directories. */
function picture(
  ...tops: readonly (readonly [top: string, ...below: readonly string[]])[]
): Picture {
  const made = new Picture();
  for (const [top, ...below] of tops) {
    put(made, made.roots, top);
    for (const path of below) {
      const names = path.replace(/\/$/, "").split("/");
      let content = made.roots.directories.get(top.replace(/(?<=.)\/$/, ""))!;
      for (const name of names.slice(0, -1)) content = content.directories.get(name)!;
      put(made, content, names.at(-1)! + (path.endsWith("/") ? "/" : ""));
    }
  }
  return made;
}

function put({ statuses }: Picture, content: Content, path: string): void {
  const isDirectory = path.endsWith("/");
  const name = path.replace(/(?<=.)\/$/, "");
  content.entries.set(name, statuses.add(isDirectory));
  if (isDirectory) content.directories.set(name, new Content());
}

const paths = (made: Picture) => [...made.paths()].map(([path, is]) => is ? `${path}/` : path);

test("Picture.paths() gives each entry, a directory before what is in it", () => {
  const made = picture(["/a/", "d/", "d/f", "g"], ["/file"]);
  assert.deepEqual(paths(made), ["/a/", "/file", "/a/d/", "/a/g", "/a/d/f"]);
  assert.deepEqual(paths(picture(["/", "f"])), ["//", "/f"]);
});

test("Picture.nest() has a path only in the directories of the one above it", () => {
  const made = picture(["/a/", "d/"], ["/a/d/", "f"], ["/a/d/none"], ["/b"]);
  made.missing.add("/a/x").add("/c");
  made.nest();
  assert.deepEqual([...made.roots.entries.keys()], ["/a", "/b"]);
  assert.deepEqual([...made.missing], ["/c"]);
  assert.deepEqual(paths(made), ["/a/", "/b", "/a/d/", "/a/d/f", "/a/d/none"]);
});

test("Picture.find() gives the place of an entry, also of one that is not there", () => {
  const made = picture(["/a/", "d/", "d/f"], ["/file"]);
  made.missing.add("/gone");
  const name = (path: string) => made.find(path)?.name;
  assert.deepEqual(["/a", "/a/d/f", "/a/d/none", "/gone"].map(name), ["/a", "f", "none", "/gone"]);
  assert.equal(made.find("/a/d/f")!.content.entries.size, 1);
  assert.deepEqual(["/a/none/f", "/file/f", "/other"].map(name), [undefined, undefined, undefined]);
});
