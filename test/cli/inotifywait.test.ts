/**
 * What inotifywait and inotifywatch do beyond inotify-tools, and what is checked without these. Each option and
 * each error is a test of its own: together they are longer than 300 lines.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { limits } from "../../mod.ts";
import { libc } from "../../ffi/libc.ts";
import { strerror } from "../../src/kernel/reason.ts";
import { limited, LIMITS, UNPRIVILEGED } from "../helpers/namespace.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ours, outfileWorks, printed, wait } from "../helpers/tools.ts";
import { until } from "../helpers/within.ts";

/** Runs a shell script: Deno takes no names and no arguments that are not UTF-8. */
function shell(cwd: string, script: string): void {
  const { status, stderr } = spawnSync("sh", ["-c", script], { cwd, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

test("inotifywait -m -r reports everything in directories that are made and filled at once", async () => {
  const directory = tmpDir();
  const tool = await wait(["-m", "-r", "-e", "create", "--format", "%w%f", "."], directory);
  await tool.watches(1);
  let expected = "";
  for (let i = 0; i < 50; i++) {
    mkdirSync(join(directory, `${i}/a/b`), { recursive: true });
    writeFileSync(join(directory, `${i}/a/b/file`), "");
    expected += `./${i}\n./${i}/a\n./${i}/a/b\n./${i}/a/b/file\n`;
  }
  const lines = (text: string) => text.split("\n").sort();
  assert.deepEqual(lines(await printed(tool, expected.length)), lines(expected));
});

test("inotifywait -r prints one line only if the event is in a directory that is new too", async () => {
  const directory = tmpDir();
  const args = ["-r", "-e", "create", "--include", "/x", "--format", "%w%f", "."];
  const tool = await wait(args, directory);
  process.kill(tool.child.pid!, "SIGSTOP");
  mkdirSync(join(directory, "a"));
  for (const name of ["x1", "x2", "x3"]) writeFileSync(join(directory, "a", name), "");
  process.kill(tool.child.pid!, "SIGCONT");
  assert.equal(await tool.ended(), 0);
  assert.match(tool.output.stdout, /^\.\/a\/x\d\n$/);
});

test("inotifywait -m -r without create says how many entries a new directory had before", async () => {
  const directory = tmpDir();
  const tool = await wait(["-m", "-r", "-e", "delete", directory], "/");
  process.kill(tool.child.pid!, "SIGSTOP");
  mkdirSync(join(directory, "a"));
  writeFileSync(join(directory, "a/b"), "");
  process.kill(tool.child.pid!, "SIGCONT");
  const { stderr } = tool.output;
  await until(() => tool.output.stderr !== stderr, () => tool.output);
  assert.equal(
    tool.output.stderr.slice(stderr.length),
    `${directory}/a/ had 1 entry before it was watched, which no event reports: watch for create, too.\n`,
  );
  assert.equal(await printed(tool, 0), "");
});

test("inotifywait -m -r reports a moved directory by its new path, and nothing in one that has left", async () => {
  const directory = tmpDir();
  for (const name of ["in/a/deep", "in/b", "out"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const tool = await wait(["-m", "-r", "-e", "create", "in"], directory);
  renameSync(join(directory, "in/a"), join(directory, "in/b/c"));
  mkdirSync(join(directory, "in/b/c/deep/new"));
  await tool.watches(5);
  renameSync(join(directory, "in/b/c"), join(directory, "out/c"));
  await tool.watches(2);
  mkdirSync(join(directory, "out/c/deep/elsewhere"));
  mkdirSync(join(directory, "in/b/last"));
  const expected = "in/b/c/deep/ CREATE,ISDIR new\nin/b/ CREATE,ISDIR last\n";
  assert.equal(await printed(tool, expected.length), expected);
});

test("inotifywait -m -r reports its own scan once, and only in directories watched before", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "old"));
  const tool = await wait(["-m", "-r", "."], directory);
  mkdirSync(join(directory, "old/new"));
  await tool.watches(3);
  const lines = "./old/ CREATE,ISDIR new\n./old/ OPEN,ISDIR new\n./old/ ACCESS,ISDIR new\n" +
    "./old/ CLOSE_NOWRITE,CLOSE,ISDIR new\n";
  await until(() => tool.output.stdout.length >= lines.length, () => tool.output);
  mkdirSync(join(directory, "end"));
  await until(() => tool.output.stdout.includes("./ CREATE,ISDIR end\n"), () => tool.output);
  assert.equal((await printed(tool, 0)).split("./ ")[0], lines);
});

test("inotifywait -m -r reports a directory that moves into a new one once, however events are read", async () => {
  const directory = tmpDir(fastest);
  mkdirSync(join(directory, "old/deep"), { recursive: true });
  const tool = await wait(["-m", "-r", "-e", "create", "."], directory);
  process.kill(tool.child.pid!, "SIGSTOP");
  mkdirSync(join(directory, "new"));
  for (let i = 0; i < 2000; i++) { // more than one read takes
    mkdirSync(join(directory, "a directory with a name that is not short"));
    rmSync(join(directory, "a directory with a name that is not short"), { recursive: true });
  }
  renameSync(join(directory, "old"), join(directory, "new/old"));
  process.kill(tool.child.pid!, "SIGCONT");
  await until(() => tool.output.stdout.includes("./new/old/ CREATE,ISDIR deep"), () => tool.output);
  await tool.watches(4);
  mkdirSync(join(directory, "new/old/deep/seen"));
  await until(() => tool.output.stdout.includes("./new/old/deep/ CREATE,ISDIR seen"), () => "");
  const stdout = await printed(tool, 0);
  for (const line of ["./new/ CREATE,ISDIR old", "./new/old/ CREATE,ISDIR deep"]) {
    assert.equal(stdout.split(`${line}\n`).length, 2, line);
  }
});

test("inotifywait -m -r watches the directories that exist after an overflow, and nothing else", async () => {
  const directory = tmpDir(fastest);
  for (const name of ["in/a/b", "in/c", "out"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const tool = await wait(["-m", "-r", "-e", "create", "in"], directory);
  await tool.watches(4);
  process.kill(tool.child.pid!, "SIGSTOP");
  for (let i = 0; i <= limits().maxQueuedEvents; i++) mkdirSync(join(directory, `in/c/${i}`));
  rmSync(join(directory, "in/c"), { recursive: true });
  mkdirSync(join(directory, "in/c"));
  renameSync(join(directory, "in/a"), join(directory, "out/a"));
  renameSync(join(directory, "in/c"), join(directory, "in/d"));
  mkdirSync(join(directory, "in/e/f"), { recursive: true });
  process.kill(tool.child.pid!, "SIGCONT");
  await until(() => tool.output.stderr.includes("were lost"), () => tool.output);
  await tool.watches(4);
  for (const name of ["out/a/b", "in/d", "in/e/f"]) mkdirSync(join(directory, name, "seen"));
  await until(() => tool.output.stdout.includes("f/ CREATE,ISDIR seen\n"), () => "");
  const seen = (await printed(tool, 0)).split("\n").filter((line) => line.endsWith(" seen"));
  assert.deepEqual(seen.sort(), ["in/d/ CREATE,ISDIR seen", "in/e/f/ CREATE,ISDIR seen"]);
});

test("inotifywait -m -r keeps the path of a root that has moved, and warns", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "in/sub"), { recursive: true });
  const tool = await wait(["-m", "-r", "-e", "create", "in"], directory);
  renameSync(join(directory, "in"), join(directory, "out"));
  mkdirSync(join(directory, "out/sub/new"));
  const expected = "in/sub/ CREATE,ISDIR new\n";
  assert.equal(await printed(tool, expected.length), expected);
  assert.match(
    tool.output.stderr,
    /\nin\/ has moved: new directories in it can no longer be watched\.\n/,
  );
});

test("inotifywait -m -r swaps the paths of directories that are exchanged", {
  skip: spawnSync("python3", ["-c", "import ctypes"]).status !== 0 && "there is no python3 here",
}, async () => {
  const directory = tmpDir();
  for (const name of ["a/in-a", "b/c/in-c"]) mkdirSync(join(directory, name), { recursive: true });
  const tool = await wait(["-m", "-r", "-e", "create", "."], directory);
  // No runtime has renameat2(2), and only new versions of mv(1) do.
  shell(
    directory,
    `python3 -c 'import ctypes; ctypes.CDLL(None).renameat2(-100, b"a", -100, b"b/c", 2)'`,
  );
  for (const name of ["a/1", "b/c/2", "a/in-c/3", "b/c/in-a/4"]) mkdirSync(join(directory, name));
  const expected = "./a/ CREATE,ISDIR 1\n./b/c/ CREATE,ISDIR 2\n./a/in-c/ CREATE,ISDIR 3\n" +
    "./b/c/in-a/ CREATE,ISDIR 4\n";
  assert.equal(await printed(tool, expected.length), expected);
});

test("inotifywait does not watch directories that --exclude or @ leave out, new ones either", async () => {
  const directory = tmpDir();
  const names = ["a", "node_modules/x", "b/node_modules/y", "skip/z"];
  for (const name of names) mkdirSync(join(directory, name), { recursive: true });
  const args = [
    "-m",
    "-r",
    "-e",
    "create",
    "--exclude",
    "/node_modules/",
    ".",
    "@./skip",
    "@./new",
  ];
  const tool = await wait(args, directory);
  await tool.watches(3);
  mkdirSync(join(directory, "a/node_modules"));
  mkdirSync(join(directory, "new"));
  mkdirSync(join(directory, "last"));
  await tool.watches(4);
  mkdirSync(join(directory, "last/seen"));
  await until(() => tool.output.stdout.includes("seen"), () => tool.output);
  assert.equal(
    await printed(tool, 0),
    "./a/ CREATE,ISDIR node_modules\n./ CREATE,ISDIR new\n./ CREATE,ISDIR last\n./last/ CREATE,ISDIR seen\n",
  );
  await tool.ended();
});

test("inotifywait --exclude with $ does not exclude what is below a directory", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "sub"));
  const tool = await wait(["-m", "-r", "-e", "create", "--exclude", "sub/?$", "."], directory);
  await tool.watches(2);
  mkdirSync(join(directory, "sub/seen"));
  const expected = "./sub/ CREATE,ISDIR seen\n";
  assert.equal(await printed(tool, expected.length), expected);
});

test("inotifywait --all-patterns applies every pattern of each kind", async () => {
  const directory = tmpDir();
  const patterns = ["--exclude", "a", "--exclude", "b", "--excludei", "C", "--include", "[a-f]"];
  const tool = await wait(
    ["-m", "--all-patterns", "-e", "create", ...patterns, "--includei", "X", "."],
    directory,
  );
  for (const name of ["a", "b", "c", "d", "x", "y", "bx"]) mkdirSync(join(directory, name));
  mkdirSync(join(directory, "f"));
  const expected = "./ CREATE,ISDIR d\n./ CREATE,ISDIR x\n./ CREATE,ISDIR f\n";
  assert.equal(await printed(tool, expected.length), expected);
  assert.equal(tool.output.stderr, "Setting up watches.\nWatches established.\n");
});

test("inotifywait --json prints an object for each event", async () => {
  const directory = tmpDir();
  const tool = await wait(["-m", "--json", "-e", "create,move", "."], directory);
  shell(directory, `raw=$(printf '\\377a'); mkdir "$raw"; mv "$raw" é`);
  await until(() => tool.output.stdout.split("\n").length > 3, () => tool.output);
  const objects = Buffer.from(await printed(tool, 0), "latin1").toString().trim().split("\n")
    .map((line) => JSON.parse(line));
  const cookie = objects[1].cookie;
  assert.ok(cookie > 0);
  for (const { time } of objects) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 20_000, time);
  const name = { name: "\ufffda", rawName: Buffer.from([0xff, 0x61]).toString("base64") };
  assert.deepEqual(objects.map(({ time: _, ...rest }) => rest), [
    { watched: "./", events: ["CREATE", "ISDIR"], ...name },
    { watched: "./", events: ["MOVED_FROM", "ISDIR"], ...name, cookie },
    { watched: "./", events: ["MOVED_TO", "ISDIR"], name: "é", cookie },
  ]);
});

test("inotifywait takes and prints names that are not UTF-8", async (t) => {
  const directory = tmpDir();
  shell(directory, `mkdir "$(printf '\\377')"`);
  const under = ["sh", "-c", 'exec "$@" "$(printf "\\377")"', "sh"];
  const tool = await wait(["-m", "-e", "create"], directory, { under });
  if (tool.output.stderr.includes("error: invalid UTF-8 was detected in one or more arguments")) {
    return t.skip("this Deno refuses such arguments itself");
  }
  shell(directory, `mkdir "$(printf '\\377/\\376')"`);
  const expected = "\xff/ CREATE,ISDIR \xfe\n";
  assert.equal(await printed(tool, expected.length), expected);
});

test("inotifywait --timefmt %N is the fraction of the second", async () => {
  const directory = tmpDir();
  const format = ["--format", "%T", "--timefmt", "%s.%3N %s.%N %%N %s"];
  const tool = await wait(["-m", "-e", "create", ...format, "."], directory);
  for (let i = 0; i < 12; i++) {
    mkdirSync(join(directory, String(i)));
    await until(() => tool.output.stdout.split("\n").length > i + 1, () => tool.output);
    await new Promise((resolve) => setTimeout(resolve, 2)); // the clock has milliseconds
  }
  const lines = (await printed(tool, 0)).trim().split("\n");
  for (const line of lines) {
    const [, seconds, fraction] = /^(\d+)\.(\d{3}) \1\.\2[0]{6} %N \1$/.exec(line) ?? [];
    const age = Date.now() - Number(seconds) * 1000 - Number(fraction);
    assert.ok(age >= 0 && age < 20_000, line);
  }
  assert.ok(new Set(lines).size > 10, lines.join("\n"));
});

test("inotifywait --timeout takes more than a timer does", async () => {
  const directory = tmpDir();
  const tool = await wait(["-t", "5000000", "."], directory);
  await new Promise((resolve) => setTimeout(resolve, 100));
  mkdirSync(join(directory, "made"));
  assert.equal(await tool.ended(), 0);
  assert.equal(tool.output.stderr, "Setting up watches.\nWatches established.\n");
});

test("inotifywait ends with 141 and no message when nobody reads its output", async () => {
  const directory = tmpDir();
  const tool = await wait(["-m", "-e", "create", "."], directory);
  await tool.watches(1);
  tool.child.stdout.destroy();
  let made = 0;
  await until(() => {
    mkdirSync(join(directory, String(made++)));
    return "code" in tool.output;
  }, () => tool.output);
  assert.equal(tool.output.code, 141);
  assert.equal(tool.output.stderr, "Setting up watches.\nWatches established.\n");
});

for (
  const [name, args] of [["inotifywait", ["-m", "."]], ["inotifywatch", ["-t", "1", "."]]] as const
) {
  test(`${name} reports that its output cannot be written, and ends with 1`, async () => {
    const directory = tmpDir();
    const tool = ours(name, args, directory, {
      under: ["sh", "-c", 'exec "$@" >/dev/full', "sh"],
    });
    await tool.ready();
    mkdirSync(join(directory, "made"));
    assert.equal(await tool.ended(), 1);
    assert.match(
      tool.output.stderr,
      new RegExp(`\n${name}: Cannot write: .*(ENOSPC|[Nn]o space left).*\n$`),
    );
  });
}

test("inotifywait loses no line when its output is read slowly", async () => {
  const directory = tmpDir(fastest);
  const tool = await wait(["-m", "-e", "create,delete", "."], directory);
  await tool.watches(1);
  tool.child.stdout.pause();
  let expected = "";
  for (let i = 0; i < 6000; i++) {
    mkdirSync(join(directory, `name ${i}`));
    rmSync(join(directory, `name ${i}`), { recursive: true });
    expected += `./ CREATE,ISDIR name ${i}\n./ DELETE,ISDIR name ${i}\n`;
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  tool.child.stdout.resume();
  assert.equal(await printed(tool, expected.length), expected);
});

const EMFILE = 24;

test(
  "inotifywait and inotifywatch say which limit of inotify to raise",
  { skip: LIMITS.skip },
  async () => {
    const directory = tmpDir();
    for (let i = 0; i < 30; i++) mkdirSync(join(directory, String(i)));
    const cases = [
      ["inotifywait", "instances", 0, [
        `Couldn't initialize inotify: ${strerror(libc(), EMFILE)}`,
        "Try increasing the value of /proc/sys/fs/inotify/max_user_instances",
      ]],
      ["inotifywait", "watches", 9, [
        "Setting up watches.  Beware: since -r was given, this may take a while!",
        "Failed to watch .; upper limit on inotify watches reached!",
        "Please increase the amount of inotify watches allowed per user via " +
        "`/proc/sys/fs/inotify/max_user_watches'.",
      ]],
      ["inotifywatch", "watches", 9, [
        "Establishing watches...",
        "Failed to watch .; upper limit on inotify watches reached!",
        "Please increase the amount of inotify watches allowed per user via " +
        "`/proc/sys/fs/inotify/max_user_watches'.",
      ]],
    ] as const;
    for (const [name, limit, value, lines] of cases) {
      const tool = ours(name, ["-r", "."], directory, limited(limit, value));
      assert.equal(await tool.ended(), 1);
      assert.deepEqual(tool.output.stderr.split("\n"), [...lines, ""]);
    }
  },
);

test("inotifywait reports a new directory that it has no watch for", {
  skip: LIMITS.skip,
}, async () => {
  const directory = tmpDir();
  const tool = await wait(["-m", "-r", "-e", "create", "."], directory, limited("watches", 2));
  for (const name of ["a", "b"]) mkdirSync(join(directory, name));
  await until(() => tool.output.stderr.split("\n").length > 3, () => tool.output);
  assert.match(
    tool.output.stderr,
    /\nWatches established\.\nCouldn't watch new directory \.\/b\/: No space left on device\n$/,
  );
  tool.child.kill();
});

test("inotifywait keeps its watches after an overflow, although none is left for a new directory", {
  skip: LIMITS.skip,
}, async () => {
  const directory = tmpDir();
  for (const name of ["in/b", "in/c", "in/d"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const tool = await wait(["-m", "-r", "-e", "create", "in"], directory, limited("watches", 4));
  process.kill(tool.child.pid!, "SIGSTOP");
  for (let i = 0; i <= limits().maxQueuedEvents; i++) writeFileSync(join(directory, `in/${i}`), "");
  for (const name of ["in/a", "in/e"]) mkdirSync(join(directory, name));
  process.kill(tool.child.pid!, "SIGCONT");
  await until(() =>
    /in\/a\/: No space[^]*in\/e\/: No space|in\/e\/: No space[^]*in\/a\/: No space/
      .test(tool.output.stderr), () => tool.output.stderr);
  await tool.watches(4);
  for (const name of ["b", "c", "d"]) mkdirSync(join(directory, `in/${name}/seen`));
  const seen = () => tool.output.stdout.match(/^in\/[bcd]\/ CREATE,ISDIR seen$/gm) ?? [];
  await until(() => seen().length === 3, () => seen());
  tool.child.kill();
});

test("inotifywait reports a directory that it may not read, and watches the others", {
  skip: UNPRIVILEGED.skip,
}, async () => {
  const directory = tmpDir();
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "closed"), { mode: 0o000 });
  mkdirSync(join(directory, "open"));
  const tool = await wait(["-m", "-r", "."], directory, { under: UNPRIVILEGED.under });
  await tool.watches(2);
  assert.match(
    tool.output.stderr,
    /\nCouldn't watch directory \.\/closed\/: Permission denied\nWatches established/,
  );
  tool.child.kill();
});

for (const name of ["inotifywait", "inotifywatch"] as const) {
  test(`${name} --help prints options and events on stdout`, async () => {
    const tool = ours(name, ["--help"], "/");
    assert.equal(await tool.ended(), 1);
    assert.match(
      tool.output.stdout,
      new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ of @inotify/inotify\n`),
    );
    assert.match(tool.output.stdout, /\n {2}-r, --recursive .*\n[^]*\n {2}unmount .*\n$/);
    assert.equal(tool.output.stderr, "");
  });
}

if (runtimeName === "deno") {
  for (
    const [args, flags, message] of [
      [
        ["."],
        ["--allow-read"],
        /^inotifywait: Cannot use inotify: Deno may not call libc; run with --allow-ffi/,
      ],
      [["-r", "."], ["--allow-ffi"], /\nCouldn't watch \.: Permission denied\n$/],
      [
        ["-o", "out", "."],
        ["--allow-ffi", "--allow-read"],
        /^Failed to open output file out: .*--allow-write/,
      ],
      [
        ["-d", "-o", "out", "."],
        ["--allow-ffi", "--allow-read", "--allow-write"],
        /^Failed to daemonize: .*--allow-env/,
      ],
      [
        ["-d", "-o", "out", "."],
        ["--allow-ffi", "--allow-read", "--allow-write", "--allow-env"],
        /^Failed to daemonize: .*--allow-run/,
      ],
    ] as const
  ) {
    test(`inotifywait with only ${flags.join(" ")} names the missing permission`, {
      skip: args.some((arg) => arg === "-d") && !outfileWorks && "--outfile is refused before that",
    }, async () => {
      const directory = tmpDir();
      writeFileSync(join(directory, "out"), "");
      const tool = ours("inotifywait", args, directory, {
        flags: ["run", "--no-prompt", "--no-check", ...flags],
      });
      assert.equal(await tool.ended(), 1);
      assert.match(tool.output.stderr, message);
    });
  }

  test("inotifywait needs --allow-ffi and --allow-read only", async () => {
    const directory = tmpDir();
    const tool = ours("inotifywait", ["-r", "-e", "create", "."], directory, {
      flags: ["run", "--no-prompt", "--no-check", "--allow-ffi", "--allow-read"],
    });
    await tool.ready();
    mkdirSync(join(directory, "made"));
    assert.equal(await tool.ended(), 0, tool.output.stderr);
    assert.equal(tool.output.stdout, "./ CREATE,ISDIR made\n");
  });
}
