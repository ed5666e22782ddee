/** `closeWrite`: every file is reported as complete once it is, however it came, and none while it is written. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { F_SETLEASE, type Libc } from "../../ffi/contract.ts";
import { EACCES, ENOSPC } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import {
  IN_CLOSE_WRITE,
  watch,
  type WatchEvent,
  type WatchKind,
  type WatchOptions,
} from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { before, loseEvents } from "../helpers/interpose.ts";
import { overflowQueue } from "../helpers/overflow.ts";
import { start } from "../helpers/program.ts";
import { missing, sh } from "../helpers/shell.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";
import type { Uploaded } from "../programs/upload.ts";

const KINDS: readonly WatchKind[] = ["create", "closeWrite", "remove", "rename"];

/** A watched directory, and one beside it; and what is reported. */
class Inbox implements AsyncDisposable {
  readonly base: string = tmpDir(fastest);
  readonly path: string = join(this.base, "in");
  readonly outside: string = join(this.base, "out");
  readonly lines: string[] = [];
  /** The sizes of files when they were reported as complete. */
  readonly sizes = new Map<string, number[]>();
  /** Open files. */
  readonly fds: number[] = [];
  readonly #options: WatchOptions;
  #watcher: ReturnType<typeof watch> | undefined;

  constructor(options: WatchOptions = {}) {
    this.#options = { events: KINDS, ...options };
    for (const path of [this.path, this.outside]) mkdirSync(path);
  }

  get watcher(): ReturnType<typeof watch> {
    return this.#watcher!;
  }

  static async open(options?: WatchOptions): Promise<Inbox> {
    const inbox = new Inbox(options);
    await inbox.watch();
    return inbox;
  }

  async watch(options: WatchOptions = {}, path: string = this.path): Promise<void> {
    this.#watcher = watch(path, { ...this.#options, ...options });
    void forEach(this.#watcher, (event) => this.#take(event));
    await within(this.#watcher.ready);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  out(name: string): string {
    return join(this.outside, name);
  }

  /** What was reported since the last time. */
  async take(): Promise<string[]> {
    await taken(this.watcher);
    return this.lines.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher?.close();
  }

  #take(event: WatchEvent): void {
    const shown = (path: string) => path.slice(this.path.length + 1);
    if (event.kind === "overflow") return void this.lines.push("overflow");
    this.lines.push(
      event.kind === "rename"
        ? `rename ${shown(event.from)} -> ${shown(event.path)}`
        : `${event.kind} ${shown(event.path)}`,
    );
    if (event.kind !== "closeWrite") return;
    const sizes = this.sizes.get(event.path) ?? [];
    sizes.push(statSync(event.path, { throwIfNoEntry: false })?.size ?? -1);
    this.sizes.set(event.path, sizes);
  }
}

test("closeWrite follows the create of a file that moves in, or is linked in", async () => {
  await using inbox = await Inbox.open();
  for (const name of ["linked", "moved"]) writeFileSync(inbox.out(name), "");
  linkSync(inbox.out("linked"), inbox.at("linked"));
  assert.deepEqual(await inbox.take(), ["create linked", "closeWrite linked"]);
  renameSync(inbox.out("moved"), inbox.at("moved"));
  assert.deepEqual(await inbox.take(), ["create moved", "closeWrite moved"]);
});

test("closeWrite follows the rename of a file, and not that of a directory", async () => {
  await using inbox = new Inbox();
  mkdirSync(inbox.at("d"));
  for (const name of ["a", "other", "d/f"]) writeFileSync(inbox.at(name), "");
  await inbox.watch();
  renameSync(inbox.at("a"), inbox.at("b"));
  assert.deepEqual(await inbox.take(), ["rename a -> b", "closeWrite b"]);
  renameSync(inbox.at("b"), inbox.at("other"));
  assert.deepEqual(await inbox.take(), ["rename b -> other", "closeWrite other"]);
  renameSync(inbox.at("d"), inbox.at("e"));
  assert.deepEqual(await inbox.take(), ["rename d -> e"]);
});

test("closeWrite alone is enough: nothing else tells of a file", async () => {
  await using inbox = await Inbox.open({ events: ["closeWrite"] });
  mkdirSync(inbox.out("d"));
  for (const name of ["a", "b", "d/f"]) writeFileSync(inbox.out(name), "");
  writeFileSync(inbox.at("new"), "");
  assert.deepEqual(await inbox.take(), ["closeWrite new"]);
  renameSync(inbox.out("a"), inbox.at("a"));
  assert.deepEqual(await inbox.take(), ["closeWrite a"]);
  renameSync(inbox.out("b"), inbox.at("a"));
  assert.deepEqual(await inbox.take(), ["closeWrite a"]);
  renameSync(inbox.at("a"), inbox.at("c"));
  assert.deepEqual(await inbox.take(), ["closeWrite c"]);
  renameSync(inbox.out("d"), inbox.at("d"));
  assert.deepEqual(await inbox.take(), ["closeWrite d/f"]);
});

for (const how of ["found in a new directory", "moved in", "renamed", "moved over another"]) {
  test(`a file that is ${how} while somebody writes it is complete once it is closed`, async () => {
    await using inbox = new Inbox();
    if (how === "moved over another") writeFileSync(inbox.at("f"), "");
    await inbox.watch();
    let fd: number;
    let path = inbox.at("f");
    if (how === "found in a new directory") {
      mkdirSync(inbox.at("a/b"), { recursive: true });
      fd = openSync(path = inbox.at("a/b/f"), "a");
    } else {
      const before = how === "renamed" ? inbox.at("part") : inbox.out("f");
      fd = openSync(before, "a");
      if (how === "renamed") await inbox.take();
      renameSync(before, path);
    }
    const isComplete = (line: string) => line.startsWith("closeWrite");
    for (let i = 0; i < 3; i++) {
      writeSync(fd, "more");
      assert.deepEqual((await inbox.take()).filter(isComplete), []);
    }
    closeSync(fd);
    assert.deepEqual(await inbox.take(), [`closeWrite ${path.slice(inbox.path.length + 1)}`]);
  });
}

for (const isKept of [true, false]) {
  test(
    `a file that is linked in while it is written by another name is complete once it is closed${
      isKept ? "" : ", even if that name is gone"
    }`,
    async () => {
      await using inbox = await Inbox.open();
      const fd = openSync(inbox.out("f"), "a");
      linkSync(inbox.out("f"), inbox.at("f"));
      if (!isKept) rmSync(inbox.out("f"));
      assert.deepEqual(await inbox.take(), ["create f"]);
      writeSync(fd, "more");
      assert.deepEqual(await inbox.take(), []);
      closeSync(fd);
      assert.deepEqual(await inbox.take(), ["closeWrite f"]);
    },
  );
}

test("a file that two processes write is complete when the last one closes it, by its other name", async () => {
  await using inbox = await Inbox.open();
  const fds = [1, 2].map(() => openSync(inbox.out("f"), "a"));
  linkSync(inbox.out("f"), inbox.at("f"));
  for (const fd of fds) {
    assert.ok(!(await inbox.take()).includes("closeWrite f"));
    closeSync(fd);
  }
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

test("directories, links and FIFOs have no closeWrite, and no FIFO is opened", async () => {
  await using inbox = await Inbox.open();
  mkdirSync(inbox.out("d/e"), { recursive: true });
  symlinkSync("nowhere", inbox.out("d/link"));
  symlinkSync("d", inbox.out("d/to a directory"));
  await sh("mkfifo fifo", inbox.outside);
  // A writer of a FIFO waits for a reader.
  const writer = sh("echo written > fifo", inbox.outside);
  linkSync(inbox.out("fifo"), inbox.out("d/fifo"));
  renameSync(inbox.out("d"), inbox.at("d"));
  const lines = await inbox.take();
  renameSync(inbox.at("d/link"), inbox.at("d/other link"));
  lines.push(...await inbox.take());
  const kinds = new Set(lines.map((line) => line.split(" ")[0]));
  assert.deepEqual([...kinds], ["create", "rename"]);
  await sh("test $(timeout 5 cat fifo) = written", inbox.outside);
  await writer;
});

test("a link that is replaced is closeWrite if no other kind reports it", async () => {
  await using inbox = new Inbox();
  for (const path of [inbox.at("link"), inbox.out("link")]) symlinkSync("nowhere", path);
  await inbox.watch({ events: ["closeWrite"] });
  renameSync(inbox.out("link"), inbox.at("link"));
  assert.deepEqual(await inbox.take(), ["closeWrite link"]);
});

test("what is there in the beginning has no closeWrite", async () => {
  await using inbox = new Inbox();
  writeFileSync(inbox.at("a"), "");
  await inbox.watch({ initial: true });
  mkdirSync(inbox.out("later"));
  writeFileSync(inbox.out("later/b"), "");
  await within(inbox.watcher.add(inbox.outside));
  assert.deepEqual((await inbox.take()).filter((line) => line.startsWith("closeWrite")), []);
});

test("a given path that is a file is complete when it comes, and when it is replaced", async () => {
  await using inbox = new Inbox();
  const path = inbox.at("f");
  await inbox.watch({}, path);
  writeFileSync(inbox.out("f"), "");
  renameSync(inbox.out("f"), path);
  assert.deepEqual(await inbox.take(), ["create f", "closeWrite f"]);
  const fd = openSync(inbox.out("f"), "a");
  renameSync(inbox.out("f"), path);
  assert.deepEqual(await inbox.take(), []);
  closeSync(fd);
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

test("no event is reported of what the watcher opens itself", async () => {
  await using inbox = await Inbox.open({
    events: [...KINDS, "open", "access", "closeNoWrite"],
    recursive: false,
  });
  await using other = watch(inbox.path, { events: ["open", "closeNoWrite"], recursive: false });
  const others: string[] = [];
  void forEach(other, (event) => {
    if ("isDirectory" in event && !event.isDirectory) others.push(event.path);
  });
  await within(other.ready);
  await inbox.take();
  const lines: string[] = [];
  for (let i = 0; i < 20; i++) {
    writeFileSync(inbox.out("f"), "hello");
    linkSync(inbox.out("f"), inbox.at("f"));
    lines.push(...await inbox.take());
    rmSync(inbox.at("f"));
    rmSync(inbox.out("f"));
    lines.push(...await inbox.take());
  }
  const expected = Array(20).fill(["create f", "closeWrite f", "remove f"]).flat();
  assert.deepEqual(lines, expected);
  assert.deepEqual(others, []);
  writeFileSync(inbox.at("f"), "hello");
  await inbox.take();
  readFileSync(inbox.at("f"));
  const read = (await inbox.take()).filter((line) => line !== "access f");
  assert.deepEqual(read, ["open f", "closeNoWrite f"]);
});

test("no event is reported of what the watcher opens itself at a given path", async () => {
  await using inbox = new Inbox();
  writeFileSync(inbox.at("f"), "");
  await inbox.watch({ events: [...KINDS, "open", "access", "closeNoWrite"] }, inbox.at("f"));
  for (let i = 0; i < 5; i++) {
    writeFileSync(inbox.out("f"), "");
    renameSync(inbox.out("f"), inbox.at("f"));
    assert.deepEqual(await inbox.take(), ["closeWrite f"]);
  }
  readFileSync(inbox.at("f"));
  const read = (await inbox.take()).filter((line) => line !== "access f");
  assert.deepEqual(read, ["open f", "closeNoWrite f"]);
});

test("no lease, descriptor or watch is left", async () => {
  await using inbox = await Inbox.open();
  const uses = () => [readdirSync("/proc/self/fd").length, ownUse().watches];
  await inbox.take();
  const before = uses();
  const fds = Array.from({ length: 20 }, (_, i) => {
    const fd = openSync(inbox.out(`${i}`), "a");
    linkSync(inbox.out(`${i}`), inbox.at(`${i}`));
    return fd;
  });
  await inbox.take();
  for (const fd of fds) closeSync(fd);
  assert.equal((await inbox.take()).length, 20);
  await inbox.take();
  assert.deepEqual(uses(), before);
  assert.ok(
    !readFileSync("/proc/locks", "utf8").includes(`LEASE  ACTIVE    READ  ${process.pid} `),
  );
});

test("files are complete once each after the queue of the kernel has overflowed", async () => {
  await using inbox = await Inbox.open();
  for (const name of ["early", "late", "spare"]) writeFileSync(inbox.out(name), "");
  const open = ["held", "closed"].map((name) => openSync(inbox.at(name), "a"));
  renameSync(inbox.out("spare"), inbox.at("spare"));
  await inbox.take();
  await new Promise((resolve) => setTimeout(resolve, 200)); // the files are older than the loss
  writeFileSync(inbox.at("passing"), "");
  await inbox.take();
  linkSync(inbox.out("early"), inbox.at("early"));
  overflowQueue(inbox.at("spare"));
  linkSync(inbox.out("late"), inbox.at("late"));
  mkdirSync(inbox.at("new"));
  writeFileSync(inbox.at("new/f"), "");
  closeSync(open[1]);
  const lines = await inbox.take();
  assert.ok(lines.includes("overflow"));
  const expected = ["closed", "early", "late", "new/f"].map((name) => `closeWrite ${name}`);
  const isOther = (line: string) => /overflow|passing|spare|^create|^rename|^remove/.test(line);
  assert.deepEqual(lines.filter((line) => !isOther(line)).sort(), expected);
  closeSync(open[0]);
  assert.deepEqual(await inbox.take(), ["closeWrite held"]);
});

test("a file that is asked about when events are lost is complete once", async () => {
  await using inbox = await Inbox.open();
  const c = libc();
  const { fcntl } = c;
  c.fcntl = (fd, cmd, arg) => {
    if (cmd === F_SETLEASE) {
      c.fcntl = fcntl;
      loseEvents();
    }
    return fcntl(fd, cmd, arg);
  };
  writeFileSync(inbox.out("f"), "");
  renameSync(inbox.out("f"), inbox.at("f"));
  assert.deepEqual(await inbox.take(), ["create f", "overflow", "closeWrite f"]);
});

test("a file that is not found since its directory is away for a moment is complete once", async () => {
  await using inbox = new Inbox();
  mkdirSync(inbox.at("d"));
  await inbox.watch();
  const c = libc();
  const { open } = c;
  let isAway = false;
  c.open = (pathname, flags) => {
    if (isAway || !new TextDecoder().decode(pathname).startsWith(`${inbox.at("d/f")}\0`)) {
      return open(pathname, flags);
    }
    isAway = true;
    renameSync(inbox.at("d"), inbox.at("e"));
    const fd = open(pathname, flags);
    renameSync(inbox.at("e"), inbox.at("d"));
    return fd;
  };
  using _ = { [Symbol.dispose]: () => void (c.open = open) };
  writeFileSync(inbox.out("f"), "");
  renameSync(inbox.out("f"), inbox.at("d/f"));
  const lines = await inbox.take();
  assert.ok(isAway);
  assert.equal(lines.filter((line) => line === "closeWrite d/f").length, 1);
});

test("files are complete once each after a loop was too slow", async () => {
  await using inbox = new Inbox();
  for (const name of ["a", "b"]) writeFileSync(inbox.at(name), "");
  writeFileSync(inbox.out("moved"), "");
  await using watcher = watch(inbox.path, { events: KINDS, maxQueue: 2 });
  await within(watcher.ready);
  for (let i = 0; i < 10; i++) writeFileSync(inbox.at("passing"), "");
  const fd = openSync(inbox.at("open"), "a");
  mkdirSync(inbox.at("d"));
  writeFileSync(inbox.at("d/f"), "");
  renameSync(inbox.at("a"), inbox.at("renamed"));
  renameSync(inbox.out("moved"), inbox.at("b"));
  await within(watcher.sync());
  const lines: string[] = [];
  void forEach(watcher, (event) => {
    lines.push(
      "path" in event ? `${event.kind} ${event.path.slice(inbox.path.length + 1)}` : event.kind,
    );
  });
  await taken(watcher);
  assert.deepEqual(lines.slice(lines.indexOf("overflow") + 1).sort(), [
    ...["closeWrite b", "closeWrite d/f", "closeWrite renamed"],
    ...["create d", "create d/f", "create open", "create renamed", "remove a"],
  ]);
  closeSync(fd);
  await taken(watcher);
  assert.equal(lines.at(-1), "closeWrite open");
});

/** Has a call fail, always or for some arguments. */
function fails<Name extends "fcntl" | "inotify_add_watch">(
  name: Name,
  errno: number,
  isMeant: (...args: Parameters<Libc[Name]>) => boolean,
): Disposable {
  const c = libc();
  const { [name]: original, errno: realErrno } = c;
  Object.assign(c, {
    [name]: (...args: Parameters<Libc[Name]>) => {
      if (!isMeant(...args)) return (original as (...args: unknown[]) => number)(...args);
      c.errno = () => {
        c.errno = realErrno;
        return errno;
      };
      return -1;
    },
  });
  return { [Symbol.dispose]: () => void Object.assign(c, { [name]: original, errno: realErrno }) };
}

test("a file whose writers may not be asked for counts as complete, and once more when it is closed", async () => {
  using _ = fails("fcntl", EACCES, (_fd, cmd) => cmd === F_SETLEASE);
  await using inbox = await Inbox.open();
  const fd = openSync(inbox.out("f"), "a");
  renameSync(inbox.out("f"), inbox.at("f"));
  assert.deepEqual(await inbox.take(), ["create f", "closeWrite f"]);
  closeSync(fd);
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

test("a file that is written is complete once it is closed, even without a watch for it", async () => {
  await using inbox = await Inbox.open();
  using _ = fails("inotify_add_watch", ENOSPC, (_fd, _path, mask) => (mask & IN_CLOSE_WRITE) !== 0);
  const fd = openSync(inbox.out("f"), "a");
  renameSync(inbox.out("f"), inbox.at("f"));
  assert.deepEqual(await inbox.take(), ["create f"]);
  closeSync(fd);
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

/** What may happen while a file is asked about that has come to `d`, and what may be complete then. */
const MEANWHILE: Record<string, [change: (inbox: Inbox) => void, complete: readonly string[]]> = {
  "its directory is renamed": [
    (inbox) => renameSync(inbox.at("d"), inbox.at("e")),
    ["d/f", "e/f"],
  ],
  "its directory is renamed, and another one takes its place, with a file that is written": [
    (inbox) => {
      renameSync(inbox.at("d"), inbox.at("e"));
      mkdirSync(inbox.at("d"));
      inbox.fds.push(openSync(inbox.at("d/f"), "a"));
    },
    ["d/f", "e/f"],
  ],
  "it is renamed": [
    (inbox) => renameSync(inbox.at("d/f"), inbox.at("d/g")),
    ["d/f d/g", "d/g"],
  ],
  "another one takes its place": [
    (inbox) => {
      writeFileSync(inbox.out("g"), "");
      renameSync(inbox.out("g"), inbox.at("d/f"));
    },
    ["d/f", "d/f d/f"],
  ],
  "it is removed": [(inbox) => rmSync(inbox.at("d/f")), ["", "d/f"]],
};

for (const [what, [change, expected]] of Object.entries(MEANWHILE)) {
  test(`a file is complete once, whenever ${what}`, async () => {
    const seen = new Set<string>();
    for (let n = 0;; n++) {
      await using inbox = new Inbox();
      mkdirSync(inbox.at("d"));
      await inbox.watch();
      writeFileSync(inbox.out("f"), "");
      renameSync(inbox.out("f"), inbox.at("d/f"));
      using action = before(n, () => change(inbox));
      const complete = async () =>
        (await inbox.take()).filter((line) => line.startsWith("closeWrite"))
          .map((line) => line.slice("closeWrite ".length)).join(" ");
      let found = await complete();
      if (!action.happened) break;
      found = `${found} ${await complete()}`.trim();
      assert.ok(expected.includes(found), `before call ${n}: ${found}`);
      seen.add(found);
      for (const fd of inbox.fds) closeSync(fd);
      assert.equal(await complete(), inbox.fds.length > 0 ? "d/f" : "");
    }
    assert.deepEqual([...seen].sort(), expected);
  });
}

test("since: what has come or changed is complete before the watcher is ready, or once it is closed", async () => {
  await using inbox = new Inbox();
  mkdirSync(inbox.at("d"));
  for (const name of ["a", "changed", "same", "d/f"]) writeFileSync(inbox.at(name), "");
  const earlier = watch(inbox.path, { events: KINDS });
  const since = await within(earlier.snapshot());
  await earlier.close();
  renameSync(inbox.at("a"), inbox.at("renamed"));
  renameSync(inbox.at("d"), inbox.at("e"));
  appendFileSync(inbox.at("changed"), "more");
  writeFileSync(inbox.at("e/new"), "");
  symlinkSync("nowhere", inbox.at("link"));
  const fd = openSync(inbox.at("open"), "a");
  await inbox.watch({ since });
  await new Promise((resolve) => setTimeout(resolve, 0));
  const complete = inbox.lines.filter((line) => line.startsWith("closeWrite")).sort();
  assert.deepEqual(complete, ["changed", "e/new", "renamed"].map((name) => `closeWrite ${name}`));
  await inbox.take();
  closeSync(fd);
  assert.deepEqual(await inbox.take(), ["closeWrite open"]);
});

test("since: a file that was not complete in the last run is reported in this one", async () => {
  await using inbox = await Inbox.open();
  const fd = openSync(inbox.at("f"), "a");
  await inbox.take();
  const since = await within(inbox.watcher.snapshot());
  await inbox.watcher.close();
  closeSync(fd); // which changes nothing of the file
  await inbox.watch({ since });
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

/** sh(1) scripts, with a tree `../src`: what they make is complete. */
const PROGRAMS: Record<string, string> = {
  "cp": "cp -r ../src copy",
  "cp -l": "cp -rl ../src copy",
  "tar": "tar cf - -C .. src | tar xf - && mv src copy",
  "unzip": "unzip -q ../src.zip && mv src copy",
  "rsync": "rsync -a ../src/ copy",
  "git": "git clone -q --no-local ../src copy",
  "mv": "mv ../src copy",
};

for (const [title, script] of Object.entries(PROGRAMS)) {
  const [program] = title.split(" ");
  const skip = missing(program) || program === "unzip" && missing("zip");
  test(`${title}: every file is complete once`, { skip }, async () => {
    await using inbox = new Inbox();
    const files: string[] = [];
    for (let i = 0; i < 150; i++) {
      const folder = join(inbox.base, "src", String(i % 10), String(i % 50));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, String(i)), "x".repeat(i * 30));
      files.push(inbox.at(join("copy", String(i % 10), String(i % 50), String(i))));
    }
    if (program === "git") {
      await sh("git init -q . && git add . && git commit -qm one", join(inbox.base, "src"));
    }
    if (program === "unzip") await sh("zip -qr src.zip src", inbox.base);
    await inbox.watch();
    await sh(script, inbox.path);
    await inbox.take();
    // What was complete by the name "src" has only moved, with its directory.
    const sizes = (path: string) =>
      [path, path.replace("/in/copy/", "/in/src/")].flatMap((one) => inbox.sizes.get(one) ?? []);
    for (const path of files) {
      const found = sizes(path).map((size) => size === -1 ? statSync(path).size : size);
      assert.deepEqual(found, [statSync(path).size], path);
    }
  });
}

const WAYS = ["quick", "slow", "twice", "temporary", "linked", "linked early", "moved in"];

for (const isReading of [false, true]) {
  const ways = isReading ? WAYS.filter((way) => way !== "temporary") : WAYS;
  test(
    `every file of several programs is complete once${
      isReading ? ", and nothing of the watcher itself is reported" : ""
    }`,
    async () => {
      await using inbox = await Inbox.open(
        isReading ? { events: ["create", "closeWrite", "closeNoWrite"] } : {},
      );
      const programs = [1, 2, 3].map((seed) =>
        start("upload.ts", [inbox.path, inbox.outside, String(seed), "150", ...ways])
      );
      const uploaded = (await Promise.all(programs.map((one) => one.line<Uploaded[]>()))).flat();
      const lines = await inbox.take();
      for (const { path, size, way } of uploaded) {
        const sizes = inbox.sizes.get(path) ?? [];
        if (way.startsWith("twice") && sizes.length === 2) sizes.shift();
        assert.deepEqual(sizes, [size], `${path}: ${way}`);
      }
      const isFile = (line: string) => uploaded.some(({ path }) => line.endsWith(path.slice(-20)));
      assert.deepEqual(lines.filter((line) => line.startsWith("closeNoWrite") && isFile(line)), []);
    },
  );
}
