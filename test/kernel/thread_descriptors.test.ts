/** `ThreadDescriptors`: the end of a worker's thread closes all that the worker has open, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ThreadCalls, ThreadDescriptors } from "../../ffi/thread_descriptors.ts";
import { generator } from "../helpers/random.ts";

/** The descriptors of a process, and what each refers to. */
class Kernel {
  readonly open = new Map<number, string>();
  /** Closed when the thread ends. */
  readonly #atEnd: number[] = [];

  readonly calls: ThreadCalls = {
    close: (fd) => this.open.delete(fd) ? 0 : -1,
    memfd_create: () => this.openNew("empty"),
    dup3: (from, to) => {
      this.open.set(to, this.open.get(from)!);
      return to;
    },
    closeAtThreadEnd: (fd) => {
      this.#atEnd.push(fd);
      return 0;
    },
  };

  /** open(2), which returns the lowest free number. */
  openNew(what: string): number {
    let fd = 3;
    while (this.open.has(fd)) fd++;
    this.open.set(fd, what);
    return fd;
  }

  endThread(): void {
    for (const fd of this.#atEnd) assert.ok(this.open.delete(fd), `${fd} is closed twice`);
  }
}

test("the end of a thread closes its own descriptors, and none of other threads", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = generator(seed);
    const kernel = new Kernel();
    const descriptors = new ThreadDescriptors(kernel.calls);
    const own: number[] = [];
    const others: number[] = [];
    for (let i = 0; i < 60; i++) {
      const [mine, opens, at] = [random() < 0.5, random() < 0.6, random()];
      const numbers = mine ? own : others;
      if (opens) {
        const fd = kernel.openNew(mine ? `own ${i}` : `other ${i}`);
        numbers.push(mine ? descriptors.add(fd) : fd);
        assert.equal(kernel.open.get(numbers.at(-1)!), mine ? `own ${i}` : `other ${i}`);
      } else if (numbers.length > 0) {
        const [fd] = numbers.splice(Math.floor(at * numbers.length), 1);
        assert.equal(mine ? descriptors.close(fd) : kernel.calls.close(fd), 0);
      }
      const named = (word: string) =>
        [...kernel.open.values()].filter((what) => what.startsWith(word));
      assert.equal(named("own").length, own.length, "each is open once");
    }
    kernel.endThread();
    assert.deepEqual([...kernel.open.keys()].sort(), others.sort());
  }
});

for (
  const [what, calls] of [
    ["no descriptor is left for the empty file", { memfd_create: () => -1 }],
    ["the C library has no memory", { closeAtThreadEnd: () => -1 }],
  ] as const
) {
  test(`ThreadDescriptors.close() works where ${what}`, () => {
    const kernel = new Kernel();
    const descriptors = new ThreadDescriptors({ ...kernel.calls, ...calls });
    const fd = descriptors.add(kernel.openNew("own"));
    assert.deepEqual([...kernel.open], [[fd, "own"]]);
    assert.equal(descriptors.close(fd), 0);
    kernel.endThread();
    assert.equal(kernel.open.size, 0);
  });
}
