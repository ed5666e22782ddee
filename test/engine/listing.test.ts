/** `Listing`: entries of a directory, from bytes of getdents64(2). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Listing } from "../../src/engine/listing.ts";
import { S_IFDIR, S_IFREG } from "../../src/kernel/files.ts";
import { type Dirent, dirents, DT_DIR, DT_LNK, DT_REG, DT_UNKNOWN } from "../helpers/dirents.ts";

/** A listing of calls that gave these entries, one call after the other. */
function listingOf(...calls: readonly (readonly Dirent[])[]): Listing {
  const listing = new Listing();
  for (const call of calls) {
    const bytes = dirents(...call);
    assert.equal(listing.push(bytes, bytes.length), true);
  }
  return listing;
}

/** The entries of all parts. */
function entriesOf(listing: Listing): Map<string, boolean> {
  const entries = new Map<string, boolean>();
  for (const part of listing.parts) part.addTo(entries);
  return entries;
}

test("Listing.addTo() gives each name once, and whether it is a directory, without . and ..", () => {
  const listing = listingOf([
    [".", DT_DIR],
    ["file", DT_REG],
    ["..", DT_DIR],
    ["directory", DT_DIR],
    ["link", DT_LNK],
    ["...", DT_DIR],
    [".hidden", DT_REG],
  ]);
  assert.deepEqual([...entriesOf(listing)], [
    ["file", false],
    ["directory", true],
    ["link", false],
    ["...", true],
    [".hidden", false],
  ]);
  assert.deepEqual(listing.directories(), ["directory", "..."]);
  assert.deepEqual(listing.links(), ["link"]);
});

test("Listing.addTo() gives names that are not ASCII, or not UTF-8, as lossless text", () => {
  const names = ["ä", "€uro", "\ufeffbom", "\udcff", "a\udc80b", "😀"];
  const listing = listingOf(names.map((name) => [name, DT_DIR]));
  assert.deepEqual([...entriesOf(listing).keys()], names);
  assert.deepEqual(listing.directories(), names);
});

test("Listing.addTo() gives the entries of types that no file system has", () => {
  const listing = listingOf([["a", 0xff], ["b", DT_DIR], ["c", 0xf0 | DT_REG]]);
  assert.deepEqual([...entriesOf(listing)], [["a", false], ["b", true], ["c", false]]);
});

test("Listing.addTo() gives nothing of what has no entries, or was not listed", () => {
  assert.deepEqual([...entriesOf(new Listing())], []);
  assert.deepEqual([...entriesOf(listingOf([[".", DT_DIR], ["..", DT_DIR]]))], []);
});

test("Listing.hasTypes is false while one of the entries that were pushed last has none", () => {
  assert.equal(listingOf([[".", DT_UNKNOWN], ["a", DT_REG]]).hasTypes, true);
  const listing = listingOf([["a", DT_REG]], [["b", DT_REG], ["c", DT_UNKNOWN]]);
  assert.equal(listing.hasTypes, false);
  for (const _ of listing.complete(() => S_IFREG));
  assert.equal(listing.hasTypes, true);
});

test("Listing.push() copies what the buffer has, up to the length", () => {
  const buffer = new Uint8Array(64 * 1024);
  const listings = ["a", "b"].map((name) => {
    const bytes = dirents([name, DT_REG]);
    buffer.fill(0xff);
    buffer.set(bytes);
    const listing = new Listing();
    listing.push(buffer, bytes.length);
    return listing;
  });
  assert.deepEqual(listings.map((listing) => [...entriesOf(listing)]), [
    [["a", false]],
    [["b", false]],
  ]);
});

test("Listing keeps many listings apart, also those that do not fit behind one another", () => {
  const listings = Array.from({ length: 100 }, (_, i) => ({
    names: Array.from({ length: 50 }, (_, j) => `${i}-${j}-${"x".repeat(100)}`),
  })).map(({ names }) => ({ names, listing: listingOf(names.map((name) => [name, DT_REG])) }));
  const huge = listingOf(Array.from({ length: 4000 }, (_, i) => [`huge ${i}`, DT_REG]));
  for (const { names, listing } of listings) {
    assert.deepEqual([...entriesOf(listing).keys()], names);
  }
  assert.equal(entriesOf(huge).size, 4000);
});

test("Listing is large from the second call on, and all its parts have its entries", () => {
  const small = listingOf([["a", DT_REG]]);
  const large = listingOf([["a", DT_REG, 1]], [["b", DT_DIR, 2]], [["c", DT_REG, 3]]);
  assert.deepEqual([small.isLarge, large.isLarge], [false, true]);
  assert.deepEqual([...entriesOf(large)], [["a", false], ["b", true], ["c", false]]);
  assert.deepEqual(large.parts.map((part) => part.directories()), [[], ["b"], []]);
});

for (
  const [what, calls, isNew] of [
    ["the first call again", [[["a", DT_REG, 1]], [["a", DT_REG, 1]]], false],
    ["an earlier call again", [
      [["a", DT_REG, 1]],
      [["b", DT_REG, 2]],
      [["c", DT_REG, 3]],
      [["b", DT_REG, 2]],
    ], false],
    ["other names at the same position", [[["a", DT_REG, 1]], [["b", DT_REG, 1]]], true],
    ["the same name at another position", [[["a", DT_REG, 1]], [["a", DT_REG, 2]]], true],
  ] as const
) {
  test(`Listing.push() returns ${isNew} for ${what}, sixteen times`, () => {
    const listing = new Listing();
    const push = (call: readonly (readonly [string, number, number])[]) => {
      const bytes = dirents(...call);
      return listing.push(bytes, bytes.length);
    };
    for (const call of calls.slice(0, -1)) assert.equal(push(call), true);
    const last = calls[calls.length - 1];
    // What comes and goes meanwhile may be read again; only a circle has no end.
    for (let i = 1; i < 16; i++) {
      assert.equal(push(isNew ? last.map(([name, type, at]) => [name, type, at + i]) : last), true);
    }
    assert.equal(push(last), isNew);
  });
}

test("Listing.complete() asks for each type that is unknown in the last part, and for no other", () => {
  const listing = listingOf(
    [["earlier", DT_UNKNOWN, 1]],
    [[".", DT_UNKNOWN, 2], ["d", DT_UNKNOWN, 3], ["f", DT_UNKNOWN, 4], ["known", DT_DIR, 5]],
  );
  const asked: string[] = [];
  for (
    const _ of listing.complete((name) => {
      asked.push(name);
      return name === "d" ? S_IFDIR : S_IFREG;
    })
  );
  assert.deepEqual(asked, ["d", "f"]);
  assert.deepEqual(listing.parts[1].directories(), ["d", "known"]);
});

test("Listing.complete() stops after every 16 types", () => {
  const listing = listingOf(Array.from({ length: 40 }, (_, i) => [`${i}`, DT_UNKNOWN]));
  let asked = 0;
  const counts: number[] = [];
  for (const _ of listing.complete(() => (asked++, S_IFREG))) counts.push(asked);
  assert.deepEqual([...counts, asked], [16, 32, 40]);
});
