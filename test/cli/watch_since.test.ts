/** `watch --since`. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { type Running, watch, watching } from "../helpers/watch_command.ts";
import { until } from "../helpers/within.ts";

async function end({ child, output }: Running): Promise<string> {
  process.kill(child.pid!, "SIGINT");
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 130);
  return output.stdout;
}

test("watch --since prints what has changed since the last run, once", async () => {
  const [directory, state] = [tmpDir(), join(tmpDir(), "state")];
  const args = [directory, "--since", state];
  writeFileSync(join(directory, "a"), "");
  assert.equal(await end(await watching(args)), "");
  renameSync(join(directory, "a"), join(directory, "b"));
  const running = await watching(args);
  await until(() => running.output.stdout.includes("\n"), () => running.output);
  mkdirSync(join(directory, "c"));
  await until(() => running.output.stdout.includes("c/\n"), () => running.output);
  assert.equal(
    await end(running),
    `rename ${directory}/a -> ${directory}/b\ncreate ${directory}/c/\n`,
  );
  assert.equal(await end(await watching(args)), "");
});

test("watch --since writes the file while it runs, and nothing of that is reported", async () => {
  const directory = tmpDir();
  const state = join(directory, "state");
  const running = await watching([directory, "--since", state]);
  const before = readFileSync(state);
  mkdirSync(join(directory, "a"));
  await until(() => !readFileSync(state).equals(before), () => running.output);
  running.child.kill("SIGKILL");
  assert.equal(running.output.stdout, `create ${directory}/a/\n`);
  assert.equal(await end(await watching([directory, "--since", state])), "");
  assert.deepEqual(readdirSync(directory).sort(), ["a", "state"]);
});

test("watch --since does not report its file by another path, as through a link", async () => {
  const [directory, elsewhere] = [tmpDir(), tmpDir()];
  const link = join(elsewhere, "link");
  symlinkSync(directory, link);
  for (
    const [file, watched] of [[join(link, "state"), directory], [join(directory, "other"), link]]
  ) {
    const running = await watching([watched, "--since", file]);
    const before = readFileSync(file);
    mkdirSync(join(directory, `new-${watched === link}`));
    await until(() => !readFileSync(file).equals(before), () => running.output);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(await end(running), `create ${watched}/new-${watched === link}/\n`);
  }
});

test("watch --since --json marks what has changed before", async () => {
  const [directory, state] = [tmpDir(), join(tmpDir(), "state")];
  const args = [directory, "--since", state, "--json", "--settle", "20"];
  await end(await watching(args));
  mkdirSync(join(directory, "a"));
  const running = await watching(args);
  await until(() => running.output.stdout.includes("\n"), () => running.output);
  mkdirSync(join(directory, "b"));
  await until(() => running.output.stdout.split("\n").length === 3, () => running.output);
  const lines = (await end(running)).trim().split("\n").map((line) => JSON.parse(line));
  const event = { kind: "create", isDirectory: true };
  assert.deepEqual(lines, [
    { ...event, path: join(directory, "a"), since: true },
    { ...event, path: join(directory, "b") },
  ]);
});

test("watch --since with a COMMAND writes the file only when that has succeeded", async () => {
  const [directory, other] = [tmpDir(), tmpDir()];
  const [state, broken] = ["state", "broken"].map((name) => join(other, name));
  const script = `echo "$WATCH_PATHS"; ! [ -e "${broken}" ]`;
  const args = [directory, "--since", state, "--", "sh", "-c", script];
  await end(await watching(args));
  writeFileSync(broken, "");
  for (const name of ["a", "b"]) {
    mkdirSync(join(directory, name));
    const running = await watching(args);
    await until(() => running.output.stderr.includes("exit status 1"), () => running.output);
    const paths = name === "a" ? ["a"] : ["a", "b"];
    const lines = (await end(running)).trim().split("\n");
    assert.deepEqual(lines.sort(), paths.map((path) => join(directory, path)));
  }
  renameSync(broken, `${broken}.not`);
  const before = readFileSync(state);
  const running = await watching(args);
  await until(() => !readFileSync(state).equals(before), () => running.output);
  await end(running);
  assert.equal(await end(await watching(args)), "");
});

test("watch --since reports a damaged file, and leaves it", async () => {
  const state = join(tmpDir(), "state");
  writeFileSync(state, "something else");
  const { output } = watch([tmpDir(), "--since", state]);
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 1);
  assert.match(
    output.stderr,
    new RegExp(`^watch: ${state} must be what snapshot\\(\\) has given, not 14 bytes`),
  );
  assert.match(output.stderr, /; remove the file to begin anew\n$/);
  assert.equal(readFileSync(state, "utf8"), "something else");
});

test("watch --since without a FILE is an error", async () => {
  for (const args of [["--since"], ["--since", ""]]) {
    const { output } = watch(args);
    await until(() => output.code !== undefined, () => output);
    assert.equal(output.code, 2, output.stderr);
    assert.match(output.stderr, /since/);
  }
});

test("scripts/watch.sh --since may write the file, with and without a COMMAND", async () => {
  const script = fileURLToPath(new URL("../../scripts/watch.sh", import.meta.url));
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  for (const rest of [[], ["--", "true"]]) {
    const state = join(tmpDir(), "state");
    const args = ["--runtime", runtimeName, "--since", state, tmpDir(), ...rest];
    const child = spawn(script, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH },
    });
    let [stderr, ended] = ["", false];
    child.stderr.on("data", (chunk) => stderr += chunk);
    child.on("close", () => ended = true);
    await until(() => ended || stderr.includes("Ctrl-C ends it.\n"), () => stderr);
    assert.ok(existsSync(state), stderr);
    child.kill("SIGINT");
    await until(() => ended, () => stderr);
  }
});
