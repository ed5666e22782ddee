/** `closeWrite` of what programs make, and of what is found since a snapshot, and by a look. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { Inbox, KINDS } from "../helpers/inbox.ts";
import { withoutEvents } from "../helpers/interpose.ts";
import { start } from "../helpers/program.ts";
import { missing, sh } from "../helpers/shell.ts";
import { within } from "../helpers/within.ts";
import type { Uploaded } from "../programs/upload.ts";

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

test("poll: a file of which the kernel reports nothing is complete once it is found, or changed", async () => {
  using _ = withoutEvents();
  await using inbox = await Inbox.open({ poll: 60_000 });
  writeFileSync(inbox.at("f"), "");
  assert.deepEqual(await inbox.take(), ["create f", "closeWrite f"]);
  appendFileSync(inbox.at("f"), "more");
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
