/** `closeWrite` comes once, through losses, refusals and changes at the wrong moment; and nothing of how that is found out. */

import assert from "node:assert/strict";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { F_SETLEASE, type Libc } from "../../ffi/contract.ts";
import { EACCES, ENOSPC } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { IN_CLOSE_WRITE, watch } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { Inbox, KINDS } from "../helpers/inbox.ts";
import { before, loseEvents } from "../helpers/interpose.ts";
import { overflowQueue } from "../helpers/overflow.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";

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
