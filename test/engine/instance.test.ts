/** `Instance`: who gets which event, and when, on the real kernel. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import {
  IN_CREATE,
  IN_DELETE,
  IN_IGNORED,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  InotifyError,
  type InotifyEvent,
  maskNames,
} from "../../mod.ts";
import { Instance } from "../../src/engine/instance.ts";
import type { Member, Owner } from "../../src/engine/member.ts";
import type { Move } from "../../src/engine/renames.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { monotonic } from "../../src/kernel/clock.ts";
import { failing, inSmallPieces, loseEvents } from "../helpers/interpose.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { until, within } from "../helpers/within.ts";

const ENTRIES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

/** A member, and the lines of what it receives; it leaves at the end of its scope. */
class Subject implements Member, AsyncDisposable {
  readonly instance: Instance = Instance.join(this);
  readonly lines: string[] = [];
  readonly error = Promise.withResolvers<unknown>();
  onWork: () => void = () => {};

  /** Watches a directory for an owner with this name. */
  watch(path: string, name: string = ""): { readonly wd: number; readonly owner: Owner } {
    const owner = { receiver: this, name };
    return { wd: this.instance.watch(cString(path), ENTRIES, owner), owner };
  }

  /** What was received until all that is queued by now. */
  async received(): Promise<string[]> {
    await within(new Promise<void>((resolve) => this.instance.fence(resolve)), () => this.lines);
    return this.lines.splice(0);
  }

  event({ mask, name }: InotifyEvent, owner: Owner): void {
    const to = (owner as unknown as { readonly name: string }).name;
    this.lines.push([to, ...maskNames(mask), name].filter(Boolean).join(" "));
  }

  move({ from, to }: Move): void {
    this.lines.push(`${from?.name ?? ""}->${to?.name ?? ""}`);
  }

  remounted(): void {
    this.lines.push("remounted");
  }

  overflow(): void {
    this.lines.push("overflow");
  }

  fail(error: unknown): void {
    this.error.resolve(error);
  }

  work(): boolean {
    this.lines.push("work");
    this.onWork();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.instance.leave(this);
  }
}

test("Instance.join() gives all members one instance, which is closed with the last one", async () => {
  const first = new Subject();
  await first.received(); // Bun may have opened an instance of its own by now
  await first.instance.leave(first);
  const before = ownUse().instances;
  const [a, b] = [new Subject(), new Subject()];
  assert.equal(a.instance, b.instance);
  assert.equal(ownUse().instances, before + 1);
  await a.instance.leave(a);
  await a.instance.leave(a);
  assert.equal(ownUse().instances, before + 1);
  await b.instance.leave(b);
  assert.equal(ownUse().instances, before);
  await using c = new Subject();
  assert.notEqual(c.instance, a.instance);
});

test("Instance gives events of a name to those who follow it, and both halves of a rename", async () => {
  await using subject = new Subject();
  await using a = new Subject();
  await using b = new Subject();
  const directory = tmpDir();
  const owner = (receiver: Subject, name: string) => {
    const owner = { receiver, name: "" };
    const wd = subject.instance.watch(cString(directory), ENTRIES, owner, true);
    subject.instance.owners.follow(wd, name, owner);
    return owner;
  };
  const owners = [owner(a, "x"), owner(b, "y")];
  const { wd } = subject.watch(directory);
  for (const name of ["x", "y", "z"]) writeFileSync(join(directory, name), "");
  renameSync(join(directory, "z"), join(directory, "y"));
  assert.deepEqual((await subject.received()).length, 4);
  assert.deepEqual([a.lines.splice(0), b.lines.splice(0)], [
    ["IN_CREATE x"],
    ["IN_CREATE y", "z->y"],
  ]);
  subject.instance.owners.unfollow(wd, "x", owners[0]);
  rmSync(directory, { recursive: true });
  await subject.received();
  assert.deepEqual([a.lines, b.lines], [["IN_IGNORED"], ["IN_DELETE y", "IN_IGNORED"]]);
});

test("Instance gives an event to each owner of its watch, in the order in which they came", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  const { wd } = subject.watch(directory, "first");
  subject.watch(directory, "second");
  writeFileSync(join(directory, "f"), "");
  assert.deepEqual(await subject.received(), ["first IN_CREATE f", "second IN_CREATE f"]);
  assert.equal([...subject.instance.owners.of(wd)].length, 2);
});

test("Instance.release() ends a watch with its last owner", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  const { watches } = ownUse();
  const first = subject.watch(directory, "first");
  const second = subject.watch(directory, "second");
  subject.instance.release(first.wd, first.owner);
  writeFileSync(join(directory, "f"), "");
  assert.deepEqual(await subject.received(), ["second IN_CREATE f"]);
  assert.equal(ownUse().watches, watches + 1);
  subject.instance.release(second.wd, second.owner);
  assert.deepEqual([await subject.received(), ownUse().watches], [[], watches]);
});

test("Instance gives IN_IGNORED to the owners of a watch that has ended, which nobody owns then", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  const { wd } = subject.watch(directory);
  rmSync(directory, { recursive: true });
  assert.deepEqual(await subject.received(), [maskNames(IN_IGNORED).join()]);
  assert.deepEqual([...subject.instance.owners.of(wd)], []);
});

test("Instance.scan() says whether anybody owns the watch already", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  const scan = () => {
    const found = subject.instance.scan(directory, ENTRIES, false);
    return "isNew" in found && found.isNew;
  };
  assert.equal(scan(), true);
  subject.watch(directory);
  assert.equal(scan(), false);
  assert.equal("isNew" in subject.instance.scan(`${directory}/none`, ENTRIES, false), false);
});

test("Instance gives a rename once to each receiver that owns a watch of one half", async () => {
  await using subject = new Subject();
  await using other = new Subject();
  const [source, target] = [tmpDir(), tmpDir()];
  subject.watch(source, "source");
  subject.watch(source, "source, too");
  subject.watch(target, "target");
  other.watch(target);
  writeFileSync(join(source, "a"), "");
  renameSync(join(source, "a"), join(target, "b"));
  const lines = await subject.received();
  assert.deepEqual(lines, ["source IN_CREATE a", "source, too IN_CREATE a", "a->b"]);
  assert.deepEqual(other.lines, ["a->b"]);
});

test("Instance gives one half of a rename from or to where nothing is watched, in its place", async () => {
  await using subject = new Subject();
  const [watched, elsewhere] = [tmpDir(), tmpDir()];
  subject.watch(watched);
  writeFileSync(join(watched, "a"), "");
  renameSync(join(watched, "a"), join(elsewhere, "a"));
  renameSync(join(elsewhere, "a"), join(watched, "b"));
  mkdirSync(join(watched, "c"));
  assert.deepEqual(await subject.received(), [
    ...["IN_CREATE a", "a->", "->b", "IN_CREATE IN_ISDIR c"],
  ]);
});

test("Instance gives half a rename when each reading of the clock says that a turn is due", async () => {
  await using subject = new Subject();
  const [watched, elsewhere] = [tmpDir(), tmpDir()];
  subject.watch(watched);
  writeFileSync(join(watched, "a"), "");
  await subject.received();
  using _ = inSmallPieces();
  renameSync(join(watched, "a"), join(elsewhere, "a"));
  await until(() => subject.lines.length > 0, () => subject.lines);
  assert.deepEqual(subject.lines, ["a->"]);
});

test("Instance.fence() calls back after the events that were queued before, in the order of the calls", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  subject.watch(directory);
  const fences = ["first", "second"].map((name) => {
    writeFileSync(join(directory, name), "");
    return new Promise<void>((resolve) =>
      subject.instance.fence(() => {
        subject.lines.push(`fence ${name}`);
        resolve();
      })
    );
  });
  await within(Promise.all(fences));
  assert.deepEqual(subject.lines.filter((line) => line !== "IN_CREATE second"), [
    ...["IN_CREATE first", "fence first", "fence second"],
  ]);
  assert.ok(subject.lines.indexOf("IN_CREATE second") < subject.lines.indexOf("fence second"));
});

test("Instance.schedule() has work() called once, and again if it is asked to in work()", async () => {
  await using subject = new Subject();
  await subject.received(); // it waits
  for (let i = 0; i < 3; i++) subject.instance.schedule(subject);
  await until(() => subject.lines.length > 0, () => subject.lines);
  assert.deepEqual(await subject.received(), ["work"]);
  let more = 2;
  subject.onWork = () => {
    if (more-- > 0) subject.instance.schedule(subject);
  };
  subject.instance.schedule(subject);
  await until(() => subject.lines.length === 3, () => subject.lines);
  assert.deepEqual(await subject.received(), ["work", "work", "work"]);
});

test("Instance reports a loss of events as one overflow, and the events after it", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  subject.watch(directory);
  await subject.received();
  loseEvents();
  writeFileSync(join(directory, "a"), "");
  await until(() => subject.lines.includes("overflow"), () => subject.lines);
  writeFileSync(join(directory, "b"), "");
  const lines = (await subject.received()).filter((line) => line !== "IN_CREATE a");
  assert.deepEqual(lines, ["overflow", "IN_CREATE b"]);
});

test("Instance.drained is before the loss of events when that is reported, and after it later", async () => {
  await using subject = new Subject();
  const directory = tmpDir();
  subject.watch(directory);
  await subject.received();
  let drained = Infinity;
  subject.overflow = () => void (drained = subject.instance.drained.monotonic);
  let lost = 0;
  loseEvents();
  const c = libc();
  const { read } = c;
  c.read = (...args) => {
    lost = monotonic(c);
    return read(...args); // which is no longer in the way then
  };
  writeFileSync(join(directory, "a"), "");
  await until(() => drained !== Infinity, () => "");
  assert.ok(drained < lost, `${drained} < ${lost}`);
  await subject.received();
  await subject.received();
  assert.ok(subject.instance.drained.monotonic > lost);
});

test("Instance fails for its members when it cannot be read, and the next member gets another one", async () => {
  const { EIO } = os.constants.errno;
  await using a = new Subject();
  await a.received();
  {
    using _ = failing({ name: "read", errno: EIO }, 0);
    a.instance.fence(() => {});
    const error = await within(a.error.promise);
    assert.ok(error instanceof InotifyError, String(error));
    assert.deepEqual([error.code, error.syscall], ["EIO", "read"]);
  }
  await using b = new Subject();
  assert.notEqual(b.instance, a.instance);
});
