/** The package's exports: their names, and the values of the constants. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import * as mod from "../../mod.ts";
import * as kernel from "../../src/kernel/mod.ts";
import { runtimeName } from "../helpers/runtime.ts";

const root = join(import.meta.dirname!, "../..");

/** As in inotify(7) and <sys/inotify.h>. */
const CONSTANTS = {
  IN_ACCESS: 0x1,
  IN_MODIFY: 0x2,
  IN_ATTRIB: 0x4,
  IN_CLOSE_WRITE: 0x8,
  IN_CLOSE_NOWRITE: 0x10,
  IN_OPEN: 0x20,
  IN_MOVED_FROM: 0x40,
  IN_MOVED_TO: 0x80,
  IN_CREATE: 0x100,
  IN_DELETE: 0x200,
  IN_DELETE_SELF: 0x400,
  IN_MOVE_SELF: 0x800,
  IN_CLOSE: 0x8 | 0x10,
  IN_MOVE: 0x40 | 0x80,
  IN_ALL_EVENTS: 0xfff,
  IN_UNMOUNT: 0x2000,
  IN_Q_OVERFLOW: 0x4000,
  IN_IGNORED: 0x8000,
  IN_ONLYDIR: 0x1000000,
  IN_DONT_FOLLOW: 0x2000000,
  IN_EXCL_UNLINK: 0x4000000,
  IN_MASK_CREATE: 0x10000000,
  IN_MASK_ADD: 0x20000000,
  IN_ISDIR: 0x40000000,
  IN_ONESHOT: 0x80000000,
};

/** The values of the kernel level. */
const KERNEL = [
  ...Object.keys(CONSTANTS),
  ...["Inotify", "InotifyError", "limits", "maskNames", "parseEvents", "usage"],
];

test("mod.ts exports exactly the documented values", () => {
  assert.deepEqual(Object.keys(mod).sort(), [...KERNEL, "Watcher", "watch"].sort());
});

test("the kernel level exports the same values as mod.ts", () => {
  assert.deepEqual(Object.keys(kernel).sort(), KERNEL.toSorted());
  for (const [name, value] of Object.entries(kernel)) {
    assert.equal(value, mod[name as keyof typeof kernel]);
  }
});

/** The types of the kernel level. */
const KERNEL_TYPES = ["InotifyEvent", "InotifyOptions", "Limits", "Path", "ProcessUsage", "Usage"];

/** The names that each module of the package exports, types included. */
const NAMES: Record<string, readonly string[]> = {
  ".": [
    ...KERNEL,
    ...KERNEL_TYPES,
    ...["BatchOptions", "EntryEvent", "EntryKind", "ErrorEvent", "Ignore", "OverflowEvent"],
    ...[
      "MountEvent",
      "ReadyEvent",
      "RenameEvent",
      "UnmountEvent",
      "WatchEvent",
      "WatchKind",
      "WatchOptions",
    ],
    ...["Watcher", "watch"],
  ],
  "./chokidar": [
    ...["AwaitWriteFinish", "EventName", "FSWatcher", "FSWatcherEvents", "Matcher", "Paths"],
    ...["ResolvedOptions", "WatchOptions", "default", "watch"],
  ],
  "./fs": [
    ...["FSWatcher", "FileChangeInfo", "IgnorePattern", "Path", "WatchEventType"],
    ...["WatchListener", "WatchOptions", "default", "promises", "watch"],
  ],
  "./fs/register": ["unregister"],
  "./inotifywait": ["main"],
  "./inotifywatch": ["main"],
  "./kernel": [...KERNEL, ...KERNEL_TYPES],
  "./parcel": [
    ...["AsyncSubscription", "BackendType", "Event", "EventType", "Options", "SubscribeCallback"],
    ...["default", "getEventsSince", "subscribe", "unsubscribe", "writeSnapshot"],
  ],
  "./watch": ["main"],
  "./watchfs": ["FsEvent", "FsWatcher", "WatchFsOptions", "watchFs"],
};

test("the package exports exactly these names; all but the IN_* constants have an example", {
  skip: runtimeName !== "deno" && "deno doc lists them",
}, (t) => {
  const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const documented = Object.entries<string>(exports).map(([name, file]) => {
    const args = ["doc", "--quiet", "--json", file];
    const text = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    return [name, JSON.parse(text)] as const;
  });
  if (documented[0][1].version !== 2) return t.skip("deno doc has another format");
  const symbols = documented.map(([name, one]) => [name, exported(one)] as const);
  const names = Object.fromEntries(symbols.map(([name, all]) => [name, all.map(toName).sort()]));
  const expected = Object.entries(NAMES).map(([name, list]) => [name, [...list].sort()]);
  assert.deepEqual(names, Object.fromEntries(expected));

  const withoutExample = symbols.flatMap(([, all]) => all)
    .filter(({ name }) => !(name in CONSTANTS)) // one example in mask.ts stands for all
    .filter(({ declarations }) => !JSON.stringify(declarations).includes('"kind":"example"'));
  assert.deepEqual(withoutExample.map(toName), []);
});

test("CHANGELOG.md begins with the version in deno.json", () => {
  const { version } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  assert.equal(/^## (\S+)/m.exec(changelog)?.[1], version);
});

test("the IN_* constants have the values of <sys/inotify.h>", () => {
  const exported = Object.entries(mod).filter(([name]) => name.startsWith("IN_"));
  assert.deepEqual(Object.fromEntries(exported), CONSTANTS);
});

test("Inotify has exactly the documented members", () => {
  const members = Reflect.ownKeys(mod.Inotify.prototype).map(String).sort();
  const expected = ["addWatch", "batches", "close", "constructor", "read", "readSync", "ref"];
  const symbols = [Symbol.asyncIterator, Symbol.asyncDispose, Symbol.dispose].map(String);
  assert.deepEqual(members, [...expected, "rmWatch", "unref", ...symbols].sort());
});

test("Watcher has exactly the documented members", () => {
  const members = Reflect.ownKeys(mod.Watcher.prototype).map(String).sort();
  const expected = [
    "add",
    "batches",
    "close",
    "constructor",
    "ready",
    "ref",
    "remove",
    "snapshot",
    "sync",
  ];
  const symbols = [Symbol.asyncIterator, Symbol.asyncDispose, Symbol.dispose].map(String);
  assert.deepEqual(members, [...expected, "unref", "watched", ...symbols].sort());
});

/** The output of `deno doc --json` for a module. */
interface Documentation {
  readonly nodes: Record<string, { readonly symbols: readonly DocumentedSymbol[] }>;
}

interface DocumentedSymbol {
  readonly name: string;
  readonly declarations: readonly { readonly declarationKind: string }[];
}

function exported({ nodes }: Documentation): DocumentedSymbol[] {
  return Object.values(nodes)
    .flatMap(({ symbols }) => symbols)
    .filter(({ declarations }) => declarations.some((one) => one.declarationKind === "export"));
}

function toName({ name }: DocumentedSymbol): string {
  return name;
}
