/** choose() and libc(): the backend of each runtime, and the errors where there is none. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { openBun } from "../../ffi/bun.ts";
import { openDeno } from "../../ffi/deno.ts";
import { choose, libc } from "../../ffi/libc.ts";
import { openNode } from "../../ffi/node.ts";
import { limits } from "../../mod.ts";
import { run, runForJson, start } from "../helpers/program.ts";
import { runtimeName, type Start } from "../helpers/runtime.ts";
import { thrown } from "../helpers/thrown.ts";
import { tmpDir } from "../helpers/tmp.ts";

// Deno and Bun also have a `process` with the version of a Node.js.

function deno(version: string, os = "linux"): Parameters<typeof choose>[0] {
  return { Deno: { version: { deno: version }, build: { os } }, ...node("26.10.0", os) };
}

function bun(version: string, platform = "linux"): Parameters<typeof choose>[0] {
  return { Bun: { version }, ...node("26.10.0", platform) };
}

function node(version: string, platform = "linux"): Parameters<typeof choose>[0] {
  return { process: { platform, versions: { node: version } } };
}

const BACKENDS = [
  ["Deno", deno, openDeno, "2.7.6", [
    "2.7.6",
    "2.7.10",
    "2.8.0",
    "2.10.0",
    "3.0.0",
    "10.0.0",
    "2.9.6+abc1234",
  ]],
  ["Bun", bun, openBun, "1.4.0", ["1.4.0", "1.4.6-canary.1", "1.10.0", "2.0.0", "1.4.5+a7733435c"]],
  ["Node", node, openNode, "26.9.0", [
    "26.9.0",
    "26.10.0",
    "27.0.0-nightly2026",
    "26.9.1-rc.1",
    "100.0.0",
  ]],
] as const;

for (const [name, globals, open, lowest, versions] of BACKENDS) {
  for (const version of versions) {
    test(`choose() returns the backend of ${name} for version ${version}`, () => {
      assert.equal(choose(globals(version)), open);
    });
  }

  for (
    const [os, globalsOfOs] of [["darwin", "darwin"], ["win32", "win32"], ["freebsd", "freebsd"]]
  ) {
    test(`choose() fails for ${name} on ${os}`, () => {
      assert.deepEqual(thrown(() => choose(globals(lowest, globalsOfOs))), {
        name: "Error",
        message: `Cannot use inotify: it is part of Linux, and this is ${os}`,
      });
    });
  }
}

for (
  const [name, globals, version, lowest] of [
    ["Deno", deno, "2.7.5", "2.7.6"],
    ["Deno", deno, "2.6.10", "2.7.6"],
    ["Deno", deno, "1.46.3", "2.7.6"],
    ["Bun", bun, "1.3.14", "1.4.0"],
    ["Bun", bun, "0.8.1", "1.4.0"],
    ["Bun", bun, "1.3.99-canary.7", "1.4.0"],
    ["Node", node, "26.8.0", "26.9.0"],
    ["Node", node, "24.99.99", "26.9.0"],
    ["Node", node, "26.0.0-nightly2026", "26.9.0"],
    ["Node", node, "unknown", "26.9.0"],
  ] as const
) {
  test(`choose() fails for ${name} ${version}`, () => {
    assert.deepEqual(thrown(() => choose(globals(version))), {
      name: "Error",
      message:
        `Cannot use inotify: it needs ${name} ${lowest} or later, and this is ${name} ${version}`,
    });
  });
}

for (
  const [what, globals] of [
    ["no globals", {}],
    ["a `process` other than Node's", { process: { platform: "linux", versions: {} } }],
  ] as const
) {
  test(`choose() fails for ${what}`, () => {
    assert.deepEqual(thrown(() => choose(globals)), {
      name: "Error",
      message: "Cannot use inotify: this is neither Deno nor Bun nor Node.js",
    });
  });
}

test("choose() reports a system other than Linux before a version that is too low", () => {
  const { message } = thrown(() => choose(deno("1.0.0", "darwin")));
  assert.equal(message, "Cannot use inotify: it is part of Linux, and this is darwin");
});

test("libc() opens the backend of this runtime, once", () => {
  assert.equal(libc().runtime, runtimeName);
  assert.equal(libc(), libc());
});

// Real processes

/**
 * Flags for a Deno with these permissions only. If there were none, a Deno that starts a Deno would add `-A`,
 * so `--deny-net` is always among them.
 */
function denoFlags(...permissions: readonly string[]): string[] {
  return ["run", "--no-prompt", "--no-check", "--deny-net", ...permissions];
}

test("importing mod.ts opens nothing and needs no permission", () => {
  const flags = {
    deno: denoFlags(),
    bun: [],
    node: ["--permission", "--allow-fs-read=*"],
  }[runtimeName];
  const { status, stdout } = run("import_only.ts", [], { flags });
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "imported\n" });
});

/** Checks limits(), an error and an event of a program that runs with these options. */
async function worksEndToEnd(options: Start): Promise<void> {
  const directory = tmpDir();
  const program = start("first_event.ts", [directory], options);
  assert.deepEqual(await program.line(), {
    limits: limits(),
    error: {
      name: "InotifyError",
      message: 'Cannot watch "/no/such/directory": no such file or directory (ENOENT)',
      code: "ENOENT",
      errno: 2,
      syscall: "inotify_add_watch",
      path: "/no/such/directory",
    },
  });
  writeFileSync(join(directory, "a"), "");
  assert.deepEqual(await program.line(), { wd: 1, mask: 0x100, cookie: 0, name: "a" });
}

const onDeno = { skip: runtimeName !== "deno" && "a permission of Deno" };
const onNode = { skip: runtimeName !== "node" && "a permission of Node.js" };

/** The path of the libc that this process runs on. */
const libcPath = /\/\S+\/libc\.so\.6$/m.exec(readFileSync("/proc/self/maps", "utf8"))?.[0] ?? "";

/** Other paths of the same libc: on most systems /lib is a link to /usr/lib. */
const aliases = [libcPath, libcPath.replace(/^\/usr/, ""), libcPath.replace(/^\/lib/, "/usr/lib")]
  .filter((path, i, all) => existsSync(path) && all.indexOf(path) === i);

test("new Inotify() on Deno without --allow-ffi: the error names the flag", onDeno, () => {
  const error = runForJson("new_inotify.ts", [], { flags: denoFlags() });
  const { arch } = process;
  const triplet = arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  assert.deepEqual(error, {
    name: "Error",
    message: "Cannot use inotify: Deno may not call libc; run with --allow-ffi, or with " +
      `--allow-ffi=/lib/${triplet}/libc.so.6`,
  });
});

test(
  "new Inotify() on Deno with --allow-ffi for another library: the error names the flag",
  onDeno,
  () => {
    const flags = denoFlags("--allow-ffi=/lib/libz.so");
    const { message } = runForJson<Record<string, unknown>>("new_inotify.ts", [], { flags });
    assert.match(
      String(message),
      /^Cannot use inotify: Deno may not call libc; run with --allow-ffi/,
    );
  },
);

test("Inotify works on Deno with --allow-ffi alone", onDeno, async () => {
  await worksEndToEnd({ flags: denoFlags("--allow-ffi") });
});

for (const [i, path] of aliases.entries()) {
  test(
    `Inotify works on Deno with --allow-ffi for the path of libc alone, no. ${i + 1}`,
    onDeno,
    async () => {
      await worksEndToEnd({ flags: denoFlags(`--allow-ffi=${path}`) });
    },
  );
}

test("new Inotify() on Deno with --deny-ffi: the error names the flag", onDeno, () => {
  const flags = denoFlags("--allow-all", "--deny-ffi");
  const { message } = runForJson<Record<string, unknown>>("new_inotify.ts", [], { flags });
  assert.match(
    String(message),
    /^Cannot use inotify: Deno may not call libc; run with --allow-ffi/,
  );
});

test("Inotify works on Deno with --deny-ffi for another library", onDeno, async () => {
  await worksEndToEnd({ flags: denoFlags("--allow-all", "--deny-ffi=/lib/libz.so") });
});

test(
  "new Inotify() on Node.js with --no-experimental-ffi: the error names the flag",
  onNode,
  () => {
    const error = runForJson("new_inotify.ts", [], { flags: ["--no-experimental-ffi"] });
    assert.deepEqual(error, {
      name: "Error",
      message: "Cannot use inotify: this Node.js has no node:ffi; it is built without it, " +
        "or runs with --no-experimental-ffi",
    });
  },
);

test("new Inotify() on Node.js with --permission: the error names the flag", onNode, () => {
  const flags = ["--permission", "--allow-fs-read=*"];
  assert.deepEqual(runForJson("new_inotify.ts", [], { flags }), {
    name: "Error",
    message: "Cannot use inotify: Node.js may not call libc; run with --allow-ffi",
  });
});

test("Inotify works on Node.js with --permission and --allow-ffi", onNode, async () => {
  await worksEndToEnd({ flags: ["--permission", "--allow-fs-read=*", "--allow-ffi"] });
});

test("Inotify works with the permissions of this test", async () => {
  await worksEndToEnd({});
});
