/** The contract of `Waiter`, for every way in which this runtime waits. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openBun } from "../../ffi/bun.ts";
import { IN_CLOEXEC, IN_NONBLOCK, type Libc, type Waiter } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { IN_MODIFY } from "../../src/kernel/mask.ts";
import { toCString } from "../../src/kernel/path.ts";
import { openFiles } from "../helpers/proc.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";
import { woken } from "../helpers/woken.ts";

const ways: [name: string, open: () => Libc][] = [[libc().runtime, libc]];
if (libc().runtime === "bun") {
  ways.push(["bun's Worker", () => openBun(() => Promise.resolve(false))]);
}

interface Subject {
  readonly c: Libc;
  readonly fd: number;
  readonly waiter: Waiter;
  /** Queues one event. */
  readonly touch: () => void;
  /** Reads all. @returns how many bytes were queued */
  readonly drain: () => number;
}

async function subject(c: Libc): Promise<Subject> {
  const file = join(tmpDir(), "file");
  writeFileSync(file, "");
  const fd = c.inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  c.inotify_add_watch(fd, toCString(file), IN_MODIFY);
  const buffer = new Uint8Array(4096);
  return {
    c,
    fd,
    waiter: await c.waiter(fd),
    touch: () => writeFileSync(file, "x", { flag: "a" }),
    drain: () => Math.max(0, c.read(fd, buffer, buffer.length)),
  };
}

async function release({ c, fd, waiter }: Subject): Promise<void> {
  await within(waiter.release());
  await within(c.closeOffThread(fd));
}

for (const [name, open] of ways) {
  test(`${name}: wait() resolves when the descriptor is readable, repeatedly`, async () => {
    const s = await subject(open());
    for (let round = 0; round < 50; round++) {
      const awake = woken(s.waiter);
      s.touch();
      let length = (await within(awake))?.byteLength ?? s.drain();
      while (length === 0) length = (await within(woken(s.waiter)))?.byteLength ?? s.drain();
      assert.equal(length, 16);
    }
    await release(s);
  });

  test(`${name}: wait() resolves for an event that was queued before it`, async () => {
    const s = await subject(open());
    s.touch();
    const length = (await within(woken(s.waiter)))?.byteLength ?? s.drain();
    assert.equal(length, 16);
    await release(s);
  });

  test(`${name}: wait() may be called again when it calls back`, async () => {
    const s = await subject(open());
    for (let round = 0; round < 20; round++) {
      let length = 0;
      const awake = new Promise<void>((resolve, reject) => {
        const ready = (bytes?: Uint8Array) => {
          const before = length;
          length += bytes?.byteLength ?? s.drain();
          if (before > 0 && length > before) resolve();
          else {
            s.waiter.wait(ready, reject);
            if (before === 0 && length > 0) setTimeout(s.touch, round % 3);
          }
        };
        s.waiter.wait(ready, reject);
      });
      s.touch();
      await within(awake, () => ({ round, length }));
      assert.equal(length, 32);
    }
    await release(s);
  });

  test(`${name}: an event stays in the kernel while no wait() is pending`, async () => {
    const s = await subject(open());
    const awake = woken(s.waiter);
    s.touch();
    if (await within(awake) === undefined) s.drain();
    s.touch();
    await new Promise((resolve) => setTimeout(resolve, 20)); // turns in which the runtime could read it
    assert.equal(s.drain(), 16);
    await release(s);
  });

  test(`${name}: release() ends a pending wait()`, async () => {
    const s = await subject(open());
    const awake = woken(s.waiter);
    await release(s);
    assert.equal(await within(awake), undefined);
  });

  test(`${name}: release() of a waiter leaves another one waiting`, async () => {
    const c = open();
    const first = await subject(c);
    const second = await subject(c);
    const firstWoken = woken(first.waiter);
    const secondWoken = woken(second.waiter);
    await release(first);
    await within(firstWoken);
    second.touch();
    const length = (await within(secondWoken))?.byteLength ?? second.drain();
    assert.equal(length, 16);
    await release(second);
  });

  test(`${name}: nothing is open after release()`, async () => {
    const before = openFiles();
    const subjects = await Promise.all([subject(open()), subject(open())]);
    const waits = subjects.map(({ waiter }) => woken(waiter));
    await Promise.all(subjects.map(release));
    await within(Promise.all(waits));
    const now = () => openFiles();
    // An earlier test may have closed descriptors since.
    const isClosed = () => now().inotify <= before.inotify && now().pipe <= before.pipe;
    await until(isClosed, () => ({ before, now: now() }));
  });
}
