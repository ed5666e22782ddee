/** `Walk`: resolves a path, on the real kernel, and watches the way. */

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { IN_CREATE, type InotifyEvent } from "../../mod.ts";
import { Instance } from "../../src/engine/instance.ts";
import type { Member, Owner, Receiver } from "../../src/engine/member.ts";
import { Walk } from "../../src/engine/walk.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const { EACCES, ELOOP } = os.constants.errno;

/** A walk to `a/link/file` in a directory, where the link leads to `b`; and the events of the way. */
class Walked implements AsyncDisposable {
  readonly base: string = tmpDir();
  readonly #member: Member = {
    ...NOBODY,
    overflow() {},
    remounted() {},
    fail() {},
    work: () => false,
  };
  readonly instance: Instance = Instance.join(this.#member);
  readonly events: InotifyEvent[] = [];
  readonly walk: Walk;

  constructor(path = "a/link/file", follow = true) {
    for (const name of ["a", "a/b"]) mkdirSync(this.at(name));
    symlinkSync("b", this.at("a/link"));
    writeFileSync(this.at("a/b/file"), "");
    const receiver: Receiver = { ...NOBODY, event: (event) => void this.events.push(event) };
    const owner: Owner = { receiver };
    this.walk = new Walk(this.instance, owner, this.at(path), undefined, follow);
  }

  readonly at = (name: string): string => join(this.base, name);

  async settled(): Promise<void> {
    await within(new Promise<void>((resolve) => this.instance.fence(resolve)));
  }

  /** The names in the events since the last call. */
  async names(): Promise<string[]> {
    await this.settled();
    return this.events.splice(0).map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.walk.close();
    await this.instance.leave(this.#member);
  }
}

test("Walk.look() gives what the path leads to, and where that is without links", async () => {
  await using walked = new Walked();
  const { walk, at } = walked;
  const found = walk.look()!;
  assert.deepEqual([found.isDirectory, found.wd >= 0, walk.end], [false, true, at("a/b/file")]);
  assert.deepEqual([walk.passesBelow(at("a/b")), walk.passesBelow(at("c"))], [true, false]);
  rmSync(at("a/link"));
  assert.equal(walk.look(), undefined);
  symlinkSync("link", at("a/link"));
  assert.equal(walk.look()?.wd, -ELOOP);
});

test("Walk watches for the names on the way: the link, and the end", async () => {
  await using walked = new Walked();
  const { walk, at } = walked;
  walk.look();
  writeFileSync(at("a/other"), "");
  rmSync(at("a/b/file"));
  rmSync(at("a/link"));
  assert.deepEqual((await walked.names()).filter((name) => name !== ""), ["file", "link"]);
});

test("Walk.has() and passes() know the directories by their watches, and the names in them", async () => {
  await using walked = new Walked();
  const { walk, at, instance } = walked;
  walk.look();
  const owner: Owner = { receiver: NOBODY };
  const [a, b] = ["a", "a/b"].map((name) => instance.watch(cString(at(name)), IN_CREATE, owner));
  const names = ["link", "other"].map((name) => walk.has(a, name));
  assert.deepEqual([walk.passes(a), walk.passes(b), names], [true, true, [true, false]]);
  assert.equal(walk.has(b, "file"), true);
  for (const wd of [a, b]) instance.release(wd, owner);
});

test("Walk, not following, ends at a link that is the last name", async () => {
  await using walked = new Walked("a/link", false);
  assert.deepEqual([walked.walk.look()?.isDirectory, walked.walk.end], [
    false,
    walked.at("a/link"),
  ]);
});

test("Walk.isRefused tells of a directory that may not be searched", {
  skip: process.getuid!() === 0 && "root may search each",
}, async () => {
  await using walked = new Walked();
  chmodSync(walked.at("a"), 0);
  assert.equal(walked.walk.look()?.wd, -EACCES);
  assert.equal(walked.walk.isRefused, true);
  chmodSync(walked.at("a"), 0o700);
});

test("Walk.close() releases every watch of the way", async () => {
  await using walked = new Walked();
  walked.walk.look();
  walked.walk.close();
  await walked.names();
  rmSync(walked.at("a"), { recursive: true });
  assert.deepEqual(await walked.names(), []);
});
