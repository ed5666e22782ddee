/** `RootMap`: roots by path, and what is above and below them, over trees that no kernel knows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory, type Entry } from "../../src/engine/directory.ts";
import { RootMap } from "../../src/engine/root_map.ts";
import { fakeLibc } from "../helpers/fake_libc.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { generator } from "../helpers/random.ts";

const EINVAL = 22;

/** A map in which a symbolic link is at each of these paths. */
function mapWith(roots: readonly string[], links: readonly string[] = []): RootMap {
  const libc = fakeLibc({
    errno: () => EINVAL,
    readlink: (pathname, buffer) => {
      if (!links.includes(new TextDecoder().decode(pathname).slice(0, -1))) return -1;
      buffer[0] = 0x78;
      return 1;
    },
  });
  const map = new RootMap(libc, true);
  for (const path of roots) map.add(path);
  return map;
}

/** A directory with what is in it: a name alone is a file. */
type Tree = { readonly [name: string]: Tree | Entry };

function grow(directory: Directory, tree: Tree): Directory {
  for (const [name, entry] of Object.entries(tree)) {
    directory.entries.set(
      name,
      typeof entry === "boolean" || entry instanceof Directory
        ? entry
        : grow(new Directory(name, directory), entry),
    );
  }
  return directory;
}

const paths = (roots: Iterable<{ readonly path: string }>) => [...roots].map(({ path }) => path);

test("RootMap.above() gives the roots above a path from the top down, by whole names", () => {
  const map = mapWith(["/a/b", "/", "/a/b/c", "/a/bc", "/x"]);
  assert.deepEqual(paths(map.above("/a/b/c")), ["/", "/a/b"]);
  assert.deepEqual(paths(map.above("/a/bc/d")), ["/", "/a/bc"]);
  assert.deepEqual(paths(map.above("/")), []);
});

test("RootMap.within() gives the roots at a path and below, by whole names", () => {
  const map = mapWith(["/a", "/a/b", "/ab", "/a/b/c"]);
  assert.deepEqual(paths(map.within("/a")), ["/a", "/a/b", "/a/b/c"]);
  assert.deepEqual(paths(map.within("/a/b")), ["/a/b", "/a/b/c"]);
  assert.deepEqual(paths(map.within("/")), ["/a", "/a/b", "/ab", "/a/b/c"]);
  assert.deepEqual(paths(map.within("/x")), []);
});

test("RootMap looks nothing up while no root is below another one", () => {
  const map = mapWith(["/a", "/b", "/ab"]);
  assert.equal(map.isNested, false);
  assert.deepEqual([paths(map.above("/a/x")), paths(map.within("/a")), map.nested("/a")], [
    [],
    [],
    undefined,
  ]);
  assert.equal(map.get("/a")?.path, "/a");
  map.add("/b/c");
  assert.deepEqual([map.isNested, map.nested("/a")?.path, paths(map.above("/a/x"))], [
    true,
    "/a",
    ["/a"],
  ]);
});

test("RootMap.isNested is right after any additions and deletions", () => {
  const random = generator(1);
  const pool = ["/", "/a", "/a/b", "/a/b/c", "/a/bc", "/b", "/b/a/c", "/c"];
  const map = mapWith([]);
  const roots = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    const path = pool[Math.floor(random() * pool.length)];
    if (random() < 0.5 && !roots.has(path)) {
      map.add(path);
      roots.add(path);
    } else {
      map.delete(path); // which may be none
      roots.delete(path);
    }
    if (random() < 0.02) {
      map.clear();
      roots.clear();
    }
    const isNested = [...roots].some((one) =>
      [...roots].some((other) => one !== other && one.startsWith(other === "/" ? "/" : `${other}/`))
    );
    assert.equal(map.isNested, isNested, [...roots].join());
  }
});

test("RootMap.has() is false for a root that was deleted, though its path was added again", () => {
  const map = mapWith(["/a"]);
  const root = map.get("/a")!;
  assert.equal(map.has(root), true);
  map.delete("/a");
  map.add("/a");
  assert.deepEqual([map.has(root), map.has(map.get("/a")!)], [false, true]);
});

test("RootMap.place() finds an entry in the tree of a root above, and no file's inside", () => {
  const map = mapWith(["/r", "/r/d/x"]);
  const root = grow(new Directory("/r", NOBODY), { file: false, unwatched: true, d: { x: false } });
  map.get("/r")!.directory = root;
  const d = root.entries.get("d") as Directory;
  assert.deepEqual(map.place("/r/d/x"), { parent: d, name: "x", entry: false });
  assert.deepEqual(map.place("/r/unwatched"), { parent: root, name: "unwatched", entry: true });
  for (const path of ["/r/d/y", "/r/file/x", "/r/unwatched/x", "/r", "/elsewhere"]) {
    assert.equal(map.place(path), undefined, path);
  }
});

test("RootMap.place() takes the tree of another root where the one above has nothing", () => {
  const map = mapWith(["/", "/r", "/r/d"]);
  map.get("/")!.directory = grow(new Directory("/", NOBODY), { etc: {} });
  const inner = grow(new Directory("/r", NOBODY), { d: {} });
  map.get("/r")!.directory = inner;
  assert.equal(map.place("/r/d")?.parent, inner);
  assert.equal(map.place("/etc")?.parent, map.get("/")!.directory);
});

test("RootMap.isInTree() is true for a directory and a file, not for a link or what is not watched", () => {
  const map = mapWith(["/r", "/r/x"], ["/r/link"]);
  const tree = { d: {}, file: false, link: false, unwatched: true };
  const root = grow(new Directory("/r", NOBODY), tree);
  root.entries.set("followed", new Directory("followed", root, true));
  map.get("/r")!.directory = root;
  const names = ["d", "file", "link", "followed", "unwatched", "nothing"];
  assert.deepEqual(names.filter((name) => map.isInTree(`/r/${name}`)), ["d", "file"]);
});

test("RootMap.levelOf() counts from the nearest root", () => {
  const map = mapWith(["/", "/r/d"]);
  const levels = ["/", "/r", "/r/d", "/r/d/x", "/r/d/x/y", "/r/dd/x"].map((path) =>
    map.levelOf(path)
  );
  assert.deepEqual(levels, [0, 1, 0, 1, 2, 3]);
});
