/** What is reported after the queue of the kernel has overflowed. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CLOCK_REALTIME } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { limits, watch } from "../../mod.ts";
import { collect, taken } from "../helpers/events.ts";
import { overflowQueue } from "../helpers/overflow.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

for (const [name, offset] of [["", 0n], [", even if the clock is set back", 3600n]] as const) {
  test(`after an overflow, a changed file is reported and an unchanged one is not${name}`, async () => {
    const directory = tmpDir(fastest);
    const [changed, other] = ["changed", "other"].map((name) => join(directory, name));
    for (const path of [changed, other]) writeFileSync(path, "");
    await new Promise((resolve) => setTimeout(resolve, 50)); // so that the files are older than the changes below
    const c = libc();
    const { clock_gettime } = c;
    c.clock_gettime = (clockid, tp) => {
      const result = clock_gettime(clockid, tp);
      const isSet = clockid === CLOCK_REALTIME;
      if (isSet) new BigInt64Array(tp.buffer, tp.byteOffset)[0] += offset;
      return result;
    };
    await using watcher = watch(directory);
    const { lines } = collect(watcher);
    await within(watcher.ready);
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(join(directory, "seen"), "");
    await within(watcher.sync());
    c.clock_gettime = clock_gettime;
    for (let i = 0; i <= limits().maxQueuedEvents / 2; i++) {
      writeFileSync(join(directory, "passing"), "");
      rmSync(join(directory, "passing"));
    }
    writeFileSync(changed, "more");
    await taken(watcher);
    const afterwards = lines.slice(lines.indexOf("overflow"));
    assert.ok(afterwards.includes(`modify ${changed}`), "the change was not reported");
    assert.ok(!lines.includes(`modify ${other}`), "an unchanged file was reported");
  });
}

test("Watcher.remove() of a root that is scanned after an overflow leaves the root below it watched", async () => {
  const base = tmpDir(fastest);
  const inner = join(base, "a/b/sub");
  mkdirSync(join(inner, "deep"), { recursive: true });
  for (let i = 0; i < 30; i++) mkdirSync(join(base, `m${i}`));
  writeFileSync(join(base, "spare"), "");
  await using watcher = watch([base, inner]);
  await within(watcher.ready);
  const paths: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) {
      if (event.kind === "overflow") watcher.remove(base);
      else if ("path" in event) paths.push(event.path);
    }
  })();
  overflowQueue(join(base, "spare"));
  await within(watcher.sync());
  await within(watcher.sync());
  for (const name of ["new", "deep/new"]) mkdirSync(join(inner, name));
  await within(watcher.sync());
  await until(() => paths.length >= 2, () => paths);
  assert.deepEqual(paths.slice(-2), [join(inner, "new"), join(inner, "deep/new")]);
  await watcher.close();
  await loop;
});

test("17,000 calls of sync() and add() in one turn cause no overflow, and each resolves", async () => {
  const [one, two] = [tmpDir(fastest), tmpDir(fastest)];
  await using watcher = watch(one);
  await within(watcher.ready);
  const { lines, ended: loop } = collect(watcher);
  const calls: Promise<void>[] = [];
  for (let i = 0; i < 8_500; i++) calls.push(watcher.sync(), watcher.add(two));
  mkdirSync(join(two, "new"));
  await within(Promise.all(calls));
  await within(watcher.sync());
  await until(() => lines.length > 0, () => lines);
  assert.deepEqual(lines, [`create ${join(two, "new")}`]);
  await watcher.close();
  await loop;
});

test("after an overflow, changed attributes of a directory and a replaced file are reported", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  mkdirSync(at("d/sub"), { recursive: true });
  for (const name of ["spare", "d/f", "other"]) writeFileSync(at(name), name);
  await new Promise((resolve) => setTimeout(resolve, 20)); // so that the files are older than a clock tick
  let isLost = false;
  await using watcher = watch(directory, {
    events: ["create", "modify", "attrib"],
    ignore(path) {
      if (isLost && path === at("spare")) { // the root is scanned again, d not yet
        isLost = false;
        linkSync(at("other"), at("d/f"));
      }
      return false;
    },
  });
  await within(watcher.ready);
  const { lines, ended: loop } = collect(watcher);
  overflowQueue(at("spare"));
  chmodSync(at("d/sub"), 0o700);
  rmSync(at("d/f"));
  isLost = true;
  await within(watcher.sync());
  await within(watcher.sync());
  await watcher.close();
  await loop;
  const later = lines.slice(lines.indexOf("overflow"));
  assert.ok(later.includes(`attrib ${at("d/sub")}`), later.join("\n"));
  assert.ok(later.includes(`modify ${at("d/f")}`), later.join("\n"));
});

test("after an overflow, a given path that is a symbolic link reports a change of its target once", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  mkdirSync(at("t"));
  for (const name of ["file", "changed", "t/spare"]) writeFileSync(at(name), name);
  for (const name of ["file", "changed"]) symlinkSync(`../${name}`, at(`t/${name}`));
  await new Promise((resolve) => setTimeout(resolve, 20)); // so that the files are older than a clock tick
  await using watcher = watch([at("t"), at("t/file"), at("t/changed")]);
  await within(watcher.ready);
  const { lines, ended: loop } = collect(watcher);
  overflowQueue(at("t/spare"));
  rmSync(at("t/file"));
  symlinkSync("../file", at("t/file"));
  appendFileSync(at("changed"), "more");
  await within(watcher.sync());
  await within(watcher.sync());
  await watcher.close();
  await loop;
  assert.deepEqual(
    lines.slice(lines.indexOf("overflow")).filter((line) => !/spare|passing/.test(line)),
    ["overflow", `modify ${at("t/changed")}`],
  );
});
