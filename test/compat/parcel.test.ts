/**
 * The functions of @parcel/watcher: what its own tests expect, live and since a snapshot; and what it loses.
 *
 * INOTIFY_SEEDS=FROM-TO runs other storms than 1 and 2.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { InotifyError } from "../../mod.ts";
import parcel, {
  type Event,
  getEventsSince,
  type Options,
  subscribe,
  unsubscribe,
  writeSnapshot,
} from "../../src/compat/parcel.ts";
import { onDisk } from "../helpers/model.ts";
import { UNPRIVILEGED } from "../helpers/namespace.ts";
import { watchMasks } from "../helpers/proc.ts";
import { start } from "../helpers/program.ts";
import { command } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

type At = (name: string) => string;

/** What is there before, what is done, and the events. */
interface Case {
  readonly before?: (at: At) => void;
  readonly change: (at: At) => void;
  readonly events: readonly string[];
  /** The events since a snapshot, if they are others. */
  readonly since?: readonly string[];
}

const file = (...names: string[]) => (at: At) =>
  names.forEach((one) => writeFileSync(at(one), one));
const directory = (...names: string[]) => (at: At) => names.forEach((one) => mkdirSync(at(one)));
const both = (...steps: ((at: At) => void)[]) => (at: At) => steps.forEach((step) => step(at));
const rename = (from: string, to: string) => (at: At) => renameSync(at(from), at(to));
const remove = (name: string) => (at: At) => rmSync(at(name), { recursive: true });
const append = (name: string) => (at: At) => appendFileSync(at(name), "more");

const CASES: Record<string, Case> = {
  "a new file": { change: file("a"), events: ["create a"] },
  "a changed file": { before: file("a"), change: append("a"), events: ["update a"] },
  "a renamed file": {
    before: file("a"),
    change: rename("a", "b"),
    events: ["delete a", "create b"],
  },
  "a file renamed to a name that sorts before": {
    before: file("a"),
    change: rename("a", "A"),
    events: ["create A", "delete a"],
  },
  "a removed file": { before: file("a"), change: remove("a"), events: ["delete a"] },
  "another mode": {
    before: file("a"),
    change: (at) => chmodSync(at("a"), 0o600),
    events: ["update a"],
  },
  "a new directory": { change: directory("d"), events: ["create d"] },
  "a renamed directory": {
    before: directory("d"),
    change: rename("d", "e"),
    events: ["delete d", "create e"],
  },
  "a renamed directory that is not empty": {
    before: both(directory("d"), file("d/f")),
    change: rename("d", "e"),
    events: ["delete d", "create e", "create e/f"],
    since: ["delete d", "delete d/f", "create e", "create e/f"],
  },
  "a removed directory": { before: directory("d"), change: remove("d"), events: ["delete d"] },
  "a new file in a directory": {
    before: directory("d"),
    change: file("d/f"),
    events: ["create d/f"],
  },
  "a changed file in a directory": {
    before: both(directory("d"), file("d/f")),
    change: append("d/f"),
    events: ["update d/f"],
  },
  "a renamed file in a directory": {
    before: both(directory("d"), file("d/f")),
    change: rename("d/f", "d/g"),
    events: ["delete d/f", "create d/g"],
  },
  "a removed file in a directory": {
    before: both(directory("d"), file("d/f")),
    change: remove("d/f"),
    events: ["delete d/f"],
  },
  "a new directory in a directory": {
    before: directory("d"),
    change: directory("d/e"),
    events: ["create d/e"],
  },
  "a renamed directory in a directory": {
    before: directory("d", "d/e"),
    change: rename("d/e", "d/g"),
    events: ["delete d/e", "create d/g"],
  },
  "a directory that is renamed, and then one in it": {
    before: directory("d", "d/sub"),
    change: both(rename("d", "e"), rename("e/sub", "e/other")),
    events: ["delete d", "create e", "create e/other"],
    since: ["delete d", "delete d/sub", "create e", "create e/other"],
  },
  "a removed directory that is not empty": {
    before: both(directory("d", "d/e"), file("d/e/f")),
    change: remove("d"),
    events: ["delete d", "delete d/e", "delete d/e/f"],
  },
  "a directory that moves out": {
    before: both(directory("d"), file("d/f")),
    change: rename("d", "../out"),
    events: ["delete d"],
    since: ["delete d", "delete d/f"],
  },
  "a directory that moves in": {
    before: both(directory("../in", "../in/d"), file("../in/d/f")),
    change: rename("../in", "in"),
    events: ["create in", "create in/d", "create in/d/f"],
  },
  "a new link": {
    before: file("a"),
    change: (at) => symlinkSync(at("a"), at("b")),
    events: ["create b"],
  },
  "a file changed through a link": {
    before: both(file("a"), (at) => symlinkSync(at("a"), at("b"))),
    change: append("b"),
    events: ["update a"],
  },
  "a renamed link": {
    before: both(file("a"), (at) => symlinkSync(at("a"), at("b"))),
    change: rename("b", "c"),
    events: ["delete b", "create c"],
  },
  "a removed link": {
    before: both(directory("d"), (at) => symlinkSync(at("d"), at("b"))),
    change: (at) => unlinkSync(at("b")),
    events: ["delete b"],
  },
  "a file created and changed": {
    change: both(file("a"), append("a")),
    events: ["create a"],
  },
  "a file removed and created": {
    before: file("a"),
    change: both(remove("a"), (at) => writeFileSync(at("a"), "again")),
    events: ["update a"],
  },
  "a file created and removed": {
    change: both(file("a", "b"), remove("b")),
    events: ["create a"],
  },
  "a file created, removed and created": {
    change: both(file("a"), remove("a"), file("a")),
    events: ["create a"],
  },
  "a file created and renamed three times": {
    change: both(file("a"), rename("a", "b"), rename("b", "c"), rename("c", "d")),
    events: ["create d"],
  },
  "a file changed three times": {
    before: file("a"),
    change: both(append("a"), append("a"), append("a")),
    events: ["update a"],
  },
  "a file changed and removed": {
    before: file("a"),
    change: both(append("a"), remove("a")),
    events: ["delete a"],
  },
  "a file replaced by a rename": {
    before: file("a"),
    change: both(file("new"), rename("new", "a")),
    events: ["update a"],
  },
  "a directory made and filled, that moves out": {
    change: both(directory("d", "d/e"), file("d/e/f"), rename("d", "../out"), file("end")),
    events: ["create end"],
  },
  "a directory with a changed file, that moves out": {
    before: both(directory("d"), file("d/f")),
    change: both(append("d/f"), rename("d", "../out")),
    events: ["delete d", "delete d/f"],
  },
};

/** A new directory, in one that nobody else uses. */
function scene(): { readonly root: string; readonly at: At } {
  const root = join(tmpDir(), "root");
  mkdirSync(root);
  return { root, at: (name) => join(root, name) };
}

function lines(events: readonly Event[], root: string): string[] {
  return events.map(({ type, path }) => `${type} ${path.slice(root.length + 1)}`);
}

/** Subscribes, and keeps what the callback gets: an array of lines, or an error, for each call. */
async function listen(root: string, options?: Options) {
  const calls: (string[] | Error)[] = [];
  const { unsubscribe } = await subscribe(root, (error, events) => {
    calls.push(error ?? lines(events, root));
  }, options);
  return {
    calls,
    unsubscribe,
    /** Waits for the events of a file that is created now, and for what comes shortly after. */
    async end(name = "zzz"): Promise<void> {
      writeFileSync(join(root, name), "");
      const isThere = () => calls.some((call) => !(call instanceof Error) && isTold(call, name));
      await until(isThere, () => calls);
      await unsubscribe();
    },
  };
}

function isTold(call: readonly string[], name: string): boolean {
  return call.some((line) => line.endsWith(` ${name}`));
}

for (const [name, { before, change, events, since = events }] of Object.entries(CASES)) {
  test(`subscribe() reports ${name}`, async () => {
    const { root, at } = scene();
    before?.(at);
    const { calls, end } = await listen(root);
    change(at);
    await until(() => calls.flat().length >= events.length, () => calls);
    await end();
    assert.deepEqual(calls.flat(), [...events, "create zzz"]);
  });

  test(`getEventsSince() reports ${name}`, async () => {
    const { root, at } = scene();
    before?.(at);
    await writeSnapshot(root, at("../snapshot"));
    change(at);
    assert.deepEqual(lines(await getEventsSince(root, at("../snapshot")), root), [...since]);
  });
}

test("subscribe() calls twice where something is at the path of a removed directory", async () => {
  for (const again of [directory("d"), file("d")]) {
    const { root, at } = scene();
    both(directory("d"), file("d/f"))(at);
    const { calls, end } = await listen(root);
    both(rename("d", "../out"), again, file("e"))(at);
    await until(() => calls.length > 1, () => calls);
    await end();
    assert.deepEqual(calls, [["delete d"], ["create d", "create e"], ["create zzz"]]);
  }
});

test("subscribe() calls twice where the directory itself is removed, and is back", async () => {
  const { root, at } = scene();
  file("a")(at);
  const { calls, end } = await listen(root);
  rmSync(root, { recursive: true });
  mkdirSync(root);
  file("a")(at);
  await until(() => calls.length > 1, () => calls);
  await end();
  assert.deepEqual(calls, [["delete ", "delete a"], ["create a"], ["create zzz"]]);
});

test("subscribe() calls once where a new directory was removed, and is there again", async () => {
  const { root, at } = scene();
  const { calls, end } = await listen(root);
  both(file("a"), directory("d"), remove("d"), directory("d"))(at);
  await until(() => calls.length > 0, () => calls);
  await end();
  assert.deepEqual(calls, [["create a", "create d"], ["create zzz"]]);
});

test("subscribe() reports a removed directory, and what is in it when it is back", async () => {
  const { root, at } = scene();
  const { calls, end } = await listen(root);
  rmSync(root, { recursive: true });
  await until(() => calls.length > 0, () => calls);
  mkdirSync(root);
  file("a")(at);
  await until(() => calls.length > 1, () => calls);
  await end();
  assert.deepEqual(calls, [["delete "], ["create a"], ["create zzz"]]);
});

test("the first change is reported soon", async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { root, at } = scene();
    const { calls, unsubscribe } = await listen(root);
    const begin = performance.now();
    file("a")(at);
    await until(() => calls.length > 0, () => calls);
    times.push(performance.now() - begin);
    await unsubscribe();
  }
  assert.ok(Math.min(...times) < 40, `${times}`); // the later ones: 50
});

test("steady changes are reported while they go on", async () => {
  const { root, at } = scene();
  const { calls, unsubscribe } = await listen(root);
  const begin = Date.now();
  for (let i = 0; calls.length < 3; i++) {
    assert.ok(Date.now() - begin < 20_000);
    file(`${i}`)(at);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await unsubscribe();
});

test("callbacks of one directory are all called, and share its watch", async () => {
  const { root, at } = scene();
  const listeners = [await listen(root), await listen(root), await listen(root, { ignore: ["a"] })];
  file("a", "b")(at);
  for (const { calls } of listeners) await until(() => calls.length > 0, () => calls);
  for (const { unsubscribe } of listeners) await unsubscribe();
  assert.deepEqual(listeners.map(({ calls }) => calls), [
    [["create a", "create b"]],
    [["create a", "create b"]],
    [["create b"]],
  ]);
  assert.ok(!watchMasks().has(statSync(root).ino));
});

test("subscriptions of several directories get their own events", async () => {
  const scenes = [scene(), scene()];
  const listeners = await Promise.all(scenes.map(({ root }) => listen(root)));
  scenes.forEach(({ at }, i) => file(`${i}`)(at));
  for (const { calls } of listeners) await until(() => calls.length > 0, () => calls);
  for (const { unsubscribe } of listeners) await unsubscribe();
  assert.deepEqual(listeners.map(({ calls }) => calls), [[["create 0"]], [["create 1"]]]);
});

test("a callback that is subscribed twice is called once, until it is unsubscribed", async () => {
  const { root, at } = scene();
  const calls: string[][] = [];
  const fn = (_: unknown, events: Event[]) => calls.push(lines(events, root));
  await Promise.all([subscribe(root, fn), subscribe(root, fn)]);
  file("a")(at);
  const { end } = await listen(root);
  await end();
  await until(() => calls.flat().includes("create zzz"), () => calls);
  await unsubscribe(root, fn);
  await unsubscribe(root, fn);
  assert.deepEqual(calls.flat().filter((line) => line === "create zzz"), ["create zzz"]);
  const { length } = calls;
  const other = await listen(root);
  await other.end("after");
  assert.equal(calls.length, length);
  assert.ok(!watchMasks().has(statSync(root).ino));
});

test("unsubscribe() drops what is not delivered, and finds its subscription by the option ignore", async () => {
  const { root, at } = scene();
  const calls: string[][] = [];
  const fn = (_: unknown, events: Event[]) => calls.push(lines(events, root));
  await subscribe(root, fn, { ignore: ["a"] });
  await subscribe(root, fn, { ignore: [/a/] });
  await unsubscribe(root, fn);
  await unsubscribe(root, fn, { ignore: ["a"] });
  file("b")(at);
  await until(() => calls.length > 0, () => calls);
  file("c")(at);
  await unsubscribe(root, fn, { ignore: [/a/] });
  const { end } = await listen(root);
  await end();
  assert.deepEqual(calls, [["create b"]]);
});

test("a subscription that is ended again does not affect a later one", async () => {
  const { root } = scene();
  const fn = () => {};
  const earlier = await subscribe(root, () => {});
  await earlier.unsubscribe();
  await subscribe(root, fn);
  await earlier.unsubscribe();
  await unsubscribe(root, fn);
  assert.ok(!watchMasks().has(statSync(root).ino));
});

test("a callback that unsubscribes gets nothing more", async () => {
  const { root, at } = scene();
  both(directory("d"), file("d/f"))(at);
  const calls: string[][] = [];
  const subscription = await subscribe(root, (_, events) => {
    calls.push(lines(events, root));
    void subscription.unsubscribe();
  });
  const { end } = await listen(root);
  both(rename("d", "../out"), directory("d"))(at);
  await end();
  assert.deepEqual(calls, [["delete d"]]);
});

test("writeSnapshot() has what the callbacks have been told, and not more", async () => {
  const { root, at } = scene();
  const snapshot = at("../snapshot");
  const calls: string[][] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const subscription = await subscribe(root, (_, events) => {
    calls.push(lines(events, root));
    file("b")(at); // is delivered after 50 ms
    writeSnapshot(root, snapshot).then(resolve, reject);
  });
  file("a")(at);
  assert.equal(await promise, snapshot);
  await subscription.unsubscribe();
  const told = calls.length > 1 ? [] : ["create b"];
  assert.deepEqual(lines(await getEventsSince(root, snapshot), root), told);
});

test("getEventsSince() compares with the disk, even if the directory is watched", async () => {
  const { root, at } = scene();
  const { calls, end } = await listen(root);
  file("a")(at);
  await until(() => calls.length > 0, () => calls);
  await writeSnapshot(root, at("../snapshot"));
  file("b")(at);
  assert.deepEqual(lines(await getEventsSince(root, at("../snapshot")), root), ["create b"]);
  await end();
  assert.deepEqual(calls.flat(), ["create a", "create b", "create zzz"]);
});

test("getEventsSince() reports everything in a directory that the snapshot does not have", async () => {
  const { root, at } = scene();
  directory("one", "two", "two/d")(at);
  await writeSnapshot(at("one"), at("snapshot"));
  assert.deepEqual(lines(await getEventsSince(at("two"), at("snapshot")), root), ["create two/d"]);
});

test("getEventsSince() rejects without a snapshot, and with something else", async () => {
  const { root, at } = scene();
  await assert.rejects(getEventsSince(root, at("../snapshot")), { code: "ENOENT" });
  writeFileSync(at("../snapshot"), "1\n2/a1 0\n");
  await assert.rejects(getEventsSince(root, at("../snapshot")), TypeError);
});

/** What is there in the end, in the order of the paths. */
const ENTRIES = [
  ...[
    "a.ts",
    "app/(group)",
    "app/[slug]",
    "d/a.ts",
    "d/b.ignore",
    "d/e/a.ts",
    "gen",
    "x.ignore/a.ts",
  ],
];

/** Rules, and the entries that they ignore. */
const IGNORED: Record<string, [ignore: (at: At) => (string | RegExp)[], ignored: string[]]> = {
  "nothing": [() => [], []],
  "a path": [() => ["d/e"], ["d/e/a.ts"]],
  "a path that begins with a dot": [() => ["./d"], ["d/a.ts", "d/b.ignore", "d/e/a.ts"]],
  "an absolute path": [(at) => [at("d/b.ignore"), at("d/e")], ["d/b.ignore", "d/e/a.ts"]],
  "a path with parentheses": [() => ["app/(group)"], ["app/(group)"]],
  "a glob of one level": [() => ["*.ts", "*.ignore"], ["a.ts", "x.ignore/a.ts"]],
  "a glob of all levels": [() => ["**/*.ignore"], ["d/b.ignore", "x.ignore/a.ts"]],
  "whole directories": [() => ["d/**", "gen/**"], ["d/a.ts", "d/b.ignore", "d/e/a.ts", "gen"]],
  "a glob that begins with a dot": [() => ["./d/*.ts"], ["d/a.ts"]],
  "what is in a directory": [() => ["d/*"], ["d/a.ts", "d/b.ignore", "d/e/a.ts"]],
  "a class": [() => ["[a-c]?ts"], ["a.ts"]],
  "braces": [() => ["{d,d/e}/a*"], ["d/a.ts", "d/e/a.ts"]],
  "alternatives": [() => ["(d|x.(ignore|tmp))/a*"], ["d/a.ts", "x.ignore/a.ts"]],
  "an extended glob": [() => ["@(d|app)/a*", "d/?(e/)b*"], ["d/a.ts", "d/b.ignore"]],
  "a RegExp": [() => [/^d\/a/, /\.ignore$/], ["d/a.ts", "d/b.ignore", "x.ignore/a.ts"]],
  "several": [(at) => [/\/e\/a/, at("a.ts"), "**/(*)"], ["a.ts", "d/e/a.ts", "app/(group)"]],
};

for (const [name, [ignore, ignored]] of Object.entries(IGNORED)) {
  test(`ignore leaves out ${name}, live and since a snapshot`, async () => {
    const { root, at } = scene();
    directory("d", "d/e", "x.ignore", "app")(at);
    const options = { ignore: ignore(at) };
    const { calls, end } = await listen(root, options);
    await writeSnapshot(root, at("../snapshot"), options);
    for (const one of ["a.ts", "d/a.ts", "d/e/a.ts", "d/b.ignore", "x.ignore/a.ts"]) file(one)(at);
    directory("app/(group)", "app/[slug]", "gen")(at);
    const since = await getEventsSince(root, at("../snapshot"), options);
    await end();
    const events = ENTRIES.filter((one) => !ignored.includes(one)).map((one) => `create ${one}`);
    assert.deepEqual(calls.flat(), [...events, "create zzz"]);
    assert.deepEqual(lines(since, root), events);
  });
}

test("nothing is reported of a directory that is ignored itself, or below one", async () => {
  for (const ignore of [["."], [".."]]) {
    const { root, at } = scene();
    await writeSnapshot(root, at("../snapshot"), { ignore });
    file("a")(at);
    assert.deepEqual(await getEventsSince(root, at("../snapshot"), { ignore }), []);
  }
});

test("a rule that cannot be kept is refused", async () => {
  const { root } = scene();
  const none = () => {};
  await assert.rejects(subscribe(root, none, { ignore: [/foo/i] }), /Flags are not supported/);
  await assert.rejects(subscribe(root, none, { ignore: ["a!(b)"] }), /use a RegExp for !\(b\)/);
  await assert.rejects(subscribe(root, none, { ignore: "a" as unknown as [] }), TypeError);
});

for (const call of ["subscribe", "writeSnapshot", "getEventsSince"] as const) {
  test(`${call}() rejects for what is no directory, and leaves no watch behind`, async () => {
    const { root, at } = scene();
    await writeSnapshot(root, at("../snapshot"));
    file("file")(at);
    const begin = (path: string): Promise<unknown> =>
      call === "subscribe"
        ? parcel.subscribe(path, () => {})
        : parcel[call](path, at("../snapshot"));
    for (const [name, code] of [["missing", "ENOENT"], ["file", "ENOTDIR"]]) {
      await assert.rejects(begin(at(name)), (error: unknown) => {
        assert.ok(error instanceof InotifyError);
        assert.equal(error.code, code);
        assert.equal(error.path, at(name));
        return true;
      });
    }
    const watched = [root, at("file")].map((path) => statSync(path).ino);
    assert.ok(!watched.some((ino) => watchMasks().has(ino)));
  });
}

test("an error that the callback throws is not caught, and the subscription goes on", async () => {
  const { root, at } = scene();
  const program = start("parcel.ts", [root]);
  assert.equal(await program.line(), "ready");
  file("throw")(at);
  assert.deepEqual(await program.line(), ["create throw"]);
  assert.equal(await program.line(), "thrown");
  file("a")(at);
  assert.deepEqual(await program.line(), ["create a"]);
  program.end();
});

test("a failure ends all subscriptions with an error, and the next one begins anew", async () => {
  const { root, at } = scene();
  const rule = /^never$/;
  const options = { ignore: [rule] };
  const listeners = [await listen(root, options), await listen(root, options)];
  const failure = new Error("the rule fails");
  rule.test = () => {
    throw failure;
  };
  file("a")(at);
  for (const { calls } of listeners) await until(() => calls.length > 0, () => calls);
  assert.deepEqual(listeners.map(({ calls }) => calls), [[failure], [failure]]);
  await assert.rejects(listen(root, options), failure);
  rule.test = () => false;
  const { calls, end } = await listen(root, options);
  await end();
  assert.deepEqual(calls, [["create zzz"]]);
  for (const { unsubscribe } of listeners) await unsubscribe();
});

test("what cannot be watched is an error for the callback, and the rest is watched", {
  skip: UNPRIVILEGED.skip,
}, async () => {
  const { root, at } = scene();
  directory("closed", "open")(at);
  chmodSync(at("closed"), 0);
  const program = start("parcel.ts", [root], UNPRIVILEGED);
  assert.deepEqual([await program.line(), await program.line()], ["ready", "EACCES"]);
  file("open/a")(at);
  assert.deepEqual(await program.line(), ["create a"]);
  program.end();
});

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-2").split("-").map(Number);
for (let seed = from; seed <= to; seed++) {
  test(`after storm ${seed}, what the events add up to is what is on the disk`, async () => {
    const root = tmpDir(fastest);
    const outside = tmpDir(fastest);
    const paths = new Set<string>();
    const { unsubscribe } = await subscribe(root, (error, events) => {
      assert.equal(error, null);
      const all = new Set(events.map(({ path }) => path));
      assert.equal(all.size, events.length);
      for (const { type, path } of events) {
        if (type === "create") paths.add(path);
        else if (type === "delete") {
          for (const one of paths) {
            if (one === path || one.startsWith(`${path}/`)) paths.delete(one);
          }
        }
      }
    });
    const [program, args] = command("storm.ts", [root, outside, `${seed}`, "2000", "0"]);
    const code = await new Promise((resolve) =>
      spawn(program, args, { stdio: "inherit" }).on("exit", resolve)
    );
    assert.equal(code, 0);
    const disk = new Set([...onDisk(root)].map((path) => `${Buffer.from(path, "latin1")}`));
    disk.delete(root);
    await until(() => paths.symmetricDifference(disk).size === 0, () => ({
      missing: [...disk.difference(paths)],
      notThere: [...paths.difference(disk)],
    }));
    await unsubscribe();
  });
}
