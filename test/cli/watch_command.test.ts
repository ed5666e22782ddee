/** The `watch` command with a COMMAND. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { environment } from "../../src/cli/command.ts";
import { toLine } from "../../src/cli/lines.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { type Running, watching } from "../helpers/watch_command.ts";
import { until } from "../helpers/within.ts";

/** Ends `watch` by a signal, and checks its exit status. */
async function end(
  { child, output }: Running,
  signal: "SIGHUP" | "SIGINT" | "SIGTERM" = "SIGTERM",
) {
  // Without child.kill(): after that Deno reports the signal instead of the exit status.
  process.kill(child.pid!, signal);
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal]);
}

function sh(script: string): string[] {
  return ["--", "sh", "-c", script];
}

test("a COMMAND runs for each batch, with the changes in its environment", async () => {
  const directory = tmpDir();
  const script = 'echo "$WATCH_COUNT,$WATCH_PATHS,$WATCH_EVENTS"';
  const running = await watching([directory, ...sh(script)]);
  for (const name of ["one", "two $(true)"]) {
    mkdirSync(join(directory, name));
    const event = { kind: "create", path: join(directory, name), isDirectory: true };
    const line = `1,${event.path},${JSON.stringify([event])}\n`;
    await until(() => running.output.stdout.endsWith(line), () => running.output);
  }
  assert.equal(running.output.stdout.split("\n").length, 3);
  await end(running);
});

test("a COMMAND that fails is reported, and run again", async () => {
  const directory = tmpDir();
  const running = await watching([directory, ...sh("exit 3")]);
  for (let times = 1; times <= 2; times++) {
    mkdirSync(join(directory, String(times)));
    const reported = () =>
      running.output.stderr.split("watch: sh ended with exit status 3\n").length - 1;
    await until(() => reported() === times, () => running.output);
  }
  await end(running);
});

test("changes while a COMMAND runs are its next batch", async () => {
  const directory = tmpDir();
  const go = join(tmpDir(), "go");
  const script = `echo "begin $WATCH_PATHS"; until [ -e "${go}" ]; do sleep 0.01; done; echo end`;
  const running = await watching([directory, ...sh(script)]);
  mkdirSync(join(directory, "a"));
  await until(() => running.output.stdout !== "", () => running.output);
  mkdirSync(join(directory, "b"));
  mkdirSync(join(directory, "c"));
  writeFileSync(go, "");
  const expected = [
    `begin ${directory}/a`,
    "end",
    `begin ${directory}/b`,
    `${directory}/c`,
    "end",
    "",
  ].join("\n");
  await until(() => running.output.stdout.length >= expected.length, () => running.output);
  assert.equal(running.output.stdout, expected);
  await end(running);
});

test("watch --restart ends a COMMAND that runs, and starts it again once it has ended", async () => {
  const directory = tmpDir();
  const script = 'trap "echo caught; exit 1" TERM; echo begin; while :; do sleep 0.01; done';
  const running = await watching(["--restart", directory, ...sh(script)]);
  mkdirSync(join(directory, "a"));
  await until(() => running.output.stdout === "begin\n", () => running.output);
  mkdirSync(join(directory, "b"));
  await until(() => running.output.stdout === "begin\ncaught\nbegin\n", () => running.output);
  assert.ok(
    !running.output.stderr.includes("exit status"),
    "that it was ended on purpose is not reported",
  );
  await end(running);
  assert.equal(running.output.stdout, "begin\ncaught\nbegin\ncaught\n");
});

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  test(`watch passes ${signal} on, and waits for the COMMAND to end`, async () => {
    const directory = tmpDir();
    const trap = `trap "sleep 0.2; echo caught; exit 0" ${signal.slice(3)}`;
    const running = await watching([
      directory,
      ...sh(`${trap}; echo begin; while :; do sleep 0.01; done`),
    ]);
    mkdirSync(join(directory, "a"));
    await until(() => running.output.stdout === "begin\n", () => running.output);
    await end(running, signal);
    assert.equal(running.output.stdout, "begin\ncaught\n");
  });
}

test("watch --clear writes nothing to a pipe", async () => {
  const directory = tmpDir();
  const running = await watching(["--clear", directory, ...sh("echo run")]);
  mkdirSync(join(directory, "a"));
  await until(() => running.output.stdout !== "", () => running.output);
  assert.equal(running.output.stdout, "run\n");
  await end(running);
});

test("watch --initial runs the COMMAND for what is there", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "there"));
  const running = await watching(["--initial", directory, ...sh('echo "$WATCH_PATHS"')]);
  await until(() => running.output.stdout !== "", () => running.output);
  assert.equal(running.output.stdout, `${directory}\n${directory}/there\n`);
  await end(running);
});

test("touch and chmod run a COMMAND, unless --events excludes attrib", async () => {
  const directory = tmpDir();
  const file = join(directory, "file");
  writeFileSync(file, "");
  const script = sh('echo "$WATCH_PATHS"');
  const all = await watching([directory, ...script]);
  const some = await watching(["-e", "create,modify", directory, ...script]);
  for (
    const [times, change] of [() => utimesSync(file, 0, 0), () => chmodSync(file, 0o600)].entries()
  ) {
    change();
    await until(() => all.output.stdout.split("\n").length > times + 1, () => all.output);
  }
  mkdirSync(join(directory, "last"));
  await until(() => some.output.stdout.includes("last"), () => some.output);
  await until(() => all.output.stdout.includes("last"), () => all.output);
  assert.equal(all.output.stdout, `${file}\n${file}\n${directory}/last\n`);
  assert.equal(some.output.stdout, `${directory}/last\n`);
  await end(all);
  await end(some);
});

test("WATCH_PATHS has both paths of a rename, and a removed path", async () => {
  const directory = tmpDir();
  for (const name of ["old", "gone"]) writeFileSync(join(directory, name), "");
  const running = await watching([directory, ...sh('echo "$WATCH_PATHS"')]);
  renameSync(join(directory, "old"), join(directory, "new"));
  rmSync(join(directory, "gone"));
  const expected = `${directory}/old\n${directory}/new\n${directory}/gone\n`;
  await until(() => running.output.stdout.length >= expected.length, () => running.output);
  assert.equal(running.output.stdout, expected);
  await end(running);
});

/** Flags without the permission to run anything. */
const CONFINED = {
  deno: ["run", "--no-prompt", "--no-check", "--allow-ffi", "--allow-read", "--allow-env"],
  bun: undefined,
  node: ["--permission", "--allow-ffi", "--allow-fs-read=*", "--no-warnings"],
}[runtimeName];

test("a COMMAND that the runtime may not run ends watch with 126", {
  skip: CONFINED === undefined && "Bun has no permissions",
}, async () => {
  const directory = tmpDir();
  const { output } = await watching([directory, "--", "true"], undefined, { flags: CONFINED! });
  mkdirSync(join(directory, "a"));
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 126);
  assert.match(output.stderr, /\nwatch: Cannot run true: the runtime was not allowed to run it\n$/);
});

/** The paths by which libc may be opened here. */
const paths = ["x86_64-linux-gnu/", "aarch64-linux-gnu/", ""]
  .flatMap((folder) => [`/lib/${folder}libc.so.6`, `/lib64/${folder}libc.so.6`])
  .filter((path) => existsSync(path));

test("under Deno a COMMAND needs --allow-ffi for libc and --allow-run for itself only", {
  skip: runtimeName !== "deno" && "only Deno has such permissions",
}, async () => {
  const directory = tmpDir();
  const flags = [...CONFINED!, "--allow-run=sh"].filter((flag) => flag !== "--allow-ffi");
  flags.splice(1, 0, `--allow-ffi=${paths.join()}`);
  const running = await watching([directory, ...sh("echo run")], undefined, { flags });
  mkdirSync(join(directory, "a"));
  await until(() => running.output.stdout !== "", () => running.output);
  assert.equal(running.output.stdout, "run\n");
  await end(running);
});

for (
  const [command, code, why] of [
    ["/no/such/command", 127, "no such command"],
    ["/dev/null", 126, ".*"],
  ] as const
) {
  test(`COMMAND ${command}, which cannot be run, ends watch with ${code}`, async () => {
    const directory = tmpDir();
    const { output } = await watching([directory, "--", command]);
    mkdirSync(join(directory, "a"));
    await until(() => output.code !== undefined, () => output);
    assert.equal(output.code, code);
    assert.match(output.stderr, new RegExp(`\nwatch: Cannot run ${command}: ${why}\n$`));
  });
}

test("environment() cuts variables to 100 KiB after an event", () => {
  const events = Array.from({ length: 5000 }, (_, i) => (
    { kind: "create", path: `/${"ü".repeat(100)}/${i}`, isDirectory: false } as const
  ));
  const { WATCH_COUNT, WATCH_PATHS, WATCH_EVENTS } = environment(events);
  assert.equal(WATCH_COUNT, "5000");
  for (const value of [WATCH_PATHS, WATCH_EVENTS]) {
    const length = Buffer.byteLength(value);
    assert.ok(length <= 102_401 && length > 102_000, String(length));
  }
  const paths = WATCH_PATHS.split("\n");
  assert.deepEqual(paths, events.slice(0, paths.length).map(({ path }) => path));
  const kept = JSON.parse(WATCH_EVENTS);
  assert.deepEqual(kept, events.slice(0, kept.length));
});

test("toLine() colours kinds if asked to", () => {
  const event = { kind: "create", path: join(process.cwd(), "a"), isDirectory: true } as const;
  assert.equal(toLine(event), "create a/");
  assert.equal(toLine(event, true), "\x1b[32mcreate\x1b[0m a/");
});
