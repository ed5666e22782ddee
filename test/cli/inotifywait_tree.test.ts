/**
 * `inotifywait -m -r` while its tree changes: no line is lost or doubled, none has a wrong path, and every
 * directory is watched at the end.
 *
 * INOTIFY_SEEDS=FROM-TO runs these seeds.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { lstatSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { limits } from "../../mod.ts";
import { type Line, probe, Reader, toPath } from "../helpers/lines.ts";
import { onDisk } from "../helpers/model.ts";
import { command } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ours, type Tool } from "../helpers/tools.ts";
import { until, within } from "../helpers/within.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-6").split("-").map(Number);

for (let seed = from; seed <= to; seed++) {
  const stopped = seed % 2 === 0;
  const name = stopped ? "a storm during which it is stopped" : "a storm";
  test(`inotifywait -m -r prints lines that give the tree on the disk after ${name} (seed ${seed})`, async () => {
    const { directory, reader, tool } = await storm(seed, stopped ? 400 : 800, stopped, 0);
    const disk = onDisk(directory);
    const covered = (path: string) => reader.covers(path);
    const wrong = [...disk.symmetricDifference(reader.paths)].filter(covered);
    assert.deepEqual(
      wrong.map((path) => `${disk.has(path) ? "not reported" : "not on the disk"} ${path}`),
      [],
    );
    assert.deepEqual(reader.contradictions, []);
    assert.doesNotMatch(tool.output.stderr, /Events were lost/);
    await probeAll(disk, tool);
  });
}

test("inotifywait -m -r reports an overflow, and watches every directory after it", async () => {
  const { directory, tool } = await storm(7, 800, true, limits().maxQueuedEvents);
  assert.match(tool.output.stderr, /\nEvents were lost: the kernel's queue was full\./);
  assert.match(tool.output.stdout, /"Q_OVERFLOW"/);
  await probeAll(onDisk(directory), tool);
});

/** Watches a storm. @param stopped whether inotifywait is stopped meanwhile */
async function storm(seed: number, changes: number, stopped: boolean, flood: number) {
  const directory = tmpDir(fastest);
  const reader = new Reader(onDisk(directory));
  const tool = ours("inotifywait", ["-m", "-r", "--json", directory], "/");
  await tool.ready();
  if (stopped) process.kill(tool.child.pid!, "SIGSTOP");
  const program = ["storm.ts", [directory, tmpDir(fastest), seed, changes, flood].map(String)];
  const writer = spawn(...command(...program as [string, string[]]), { stdio: "inherit" });
  assert.equal(await within(new Promise((resolve) => writer.on("exit", resolve))), 0);
  if (stopped) process.kill(tool.child.pid!, "SIGCONT");
  if (flood > 0) await until(() => /were lost/.test(tool.output.stderr), () => tool.output);
  // The root is always watched. Once the second file is reported, the directories that were new before the
  // first one have been scanned.
  for (const name of ["end of storm", "end of all"]) {
    writeFileSync(join(directory, name), "");
    await until(() => tool.output.stdout.includes(name), () => tool.output.stderr);
  }
  for (const line of lines(tool)) reader.apply(line);
  return { directory, reader, tool };
}

function lines({ output }: Tool): Line[] {
  return output.stdout.split("\n").slice(0, -1).map((line) =>
    JSON.parse(Buffer.from(line, "latin1").toString())
  );
}

/** Makes a file in each directory: each is reported once, with its path; and nothing else is watched. */
async function probeAll(disk: ReadonlySet<string>, tool: Tool): Promise<void> {
  const probes = [...disk].filter((path) => lstatSync(bytes(path)).isDirectory()).map(probe);
  const reported = () =>
    lines(tool).filter(({ name, events }) => name.startsWith("probe-") && events[0] === "CREATE")
      .map(toPath);
  const before = reported().length;
  assert.equal(before, 0);
  await tool.watches(probes.length);
  for (const path of probes) writeFileSync(bytes(path), "");
  await until(() => reported().length >= probes.length, () => [probes.length, reported().length]);
  assert.deepEqual(reported().sort(), probes.sort());
  tool.child.kill();
}

function bytes(path: string): Buffer {
  return Buffer.from(path, "latin1");
}
