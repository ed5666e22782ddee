/** The `watch` command without a COMMAND. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { limited, LIMITS } from "../helpers/namespace.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { watch, watching } from "../helpers/watch_command.ts";
import { until } from "../helpers/within.ts";

test("watch prints a line for each change in each directory", async () => {
  const [one, two] = [join(tmpDir(), "one"), join(tmpDir(), "two")];
  mkdirSync(one);
  mkdirSync(two);
  const { child, output } = await watching([one, `${two}/`]);
  writeFileSync(join(one, "file"), "x");
  renameSync(join(one, "file"), join(two, "moved"));
  mkdirSync(join(two, "sub"));
  rmSync(join(two, "moved"));
  const expected = [
    `create ${one}/file`,
    `modify ${one}/file`,
    `rename ${one}/file -> ${two}/moved`,
    `create ${two}/sub/`,
    `remove ${two}/moved`,
    "",
  ].join("\n");
  // One line or two for a write: the kernel merges equal events that are not read between them.
  const changes = () => output.stdout.replace(/(modify .*\n)\1+/g, "$1");
  await until(() => changes().length >= expected.length, () => output);
  assert.equal(changes(), expected);
  child.kill("SIGINT");
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, "SIGINT");
  assert.equal(output.stderr, `Watching ${one}, ${two}/ (2 watches); Ctrl-C ends it.\n`);
});

test("watch without a PATH watches the current directory", async () => {
  const directory = tmpDir();
  const { child, output } = await watching([], directory);
  mkdirSync(join(directory, "sub"));
  await until(() => output.stdout !== "", () => output);
  assert.equal(output.stdout, "create sub/\n");
  child.kill();
});

test("watch --events ready prints where the set-up ends", async () => {
  const directory = tmpDir();
  const { child, output } = await watching(["--initial", "--events=create,ready", directory]);
  mkdirSync(join(directory, "sub"));
  const expected = `exists ${directory}/\nready\ncreate ${directory}/sub/\n`;
  await until(() => output.stdout.length >= expected.length, () => output);
  assert.equal(output.stdout, expected);
  child.kill();
});

test("watch --partial goes on at the limit of watches", { skip: LIMITS.skip }, async () => {
  const directory = tmpDir();
  for (let i = 0; i < 9; i++) mkdirSync(join(directory, String(i)));
  const start = limited("watches", 5);
  const refused = watch([directory], undefined, start);
  await until(() => refused.output.code !== undefined, () => refused.output);
  assert.equal(refused.output.code, 1);
  const { child, output } = await watching(["--partial", directory], undefined, start);
  mkdirSync(join(directory, "more"));
  await until(() => output.stdout !== "", () => output);
  assert.equal(output.stdout, `create ${directory}/more/\n`);
  await until(() => /^watch: Cannot watch ".*\(ENOSPC\)$/m.test(output.stderr), () => output);
  child.kill();
});

test("watch escapes control characters in names", async () => {
  const directory = tmpDir();
  const { child, output } = await watching([directory]);
  mkdirSync(join(directory, "\x1b[31mred\n\x9b"));
  await until(() => output.stdout !== "", () => output);
  assert.equal(output.stdout, `create ${directory}/\\u001b[31mred\\u000a\\u009b/\n`);
  child.kill();
});

test("watch waits for a path that does not exist, and for one that was removed", async () => {
  const directory = join(tmpDir(), "later");
  const { child, output } = await watching([directory]);
  assert.ok(output.stderr.includes(`, and waiting for ${directory}; Ctrl-C`));
  for (let round = 1; round <= 2; round++) {
    mkdirSync(directory);
    await until(() => output.stdout.split("create").length > round, () => output);
    rmSync(directory, { recursive: true });
    await until(() => output.stdout.split("remove").length > round, () => output);
  }
  assert.equal(output.stdout, `create ${directory}/\nremove ${directory}/\n`.repeat(2));
  child.kill();
});

test("watch ends with 0 and no message when nobody reads its output", async () => {
  const directory = tmpDir();
  const { child, output } = await watching([directory]);
  child.stdout.destroy();
  let made = 0;
  await until(() => {
    mkdirSync(join(directory, String(made++)));
    return output.code !== undefined;
  }, () => output);
  assert.equal(output.code, 0);
  assert.equal(output.stderr, `Watching ${directory} (1 watch); Ctrl-C ends it.\n`);
});

test("watch reports that its output cannot be written, and ends with 1", async () => {
  const directory = tmpDir();
  const under = ["sh", "-c", 'exec "$@" >/dev/full', "sh"];
  const { output } = await watching([directory], undefined, { under });
  mkdirSync(join(directory, "a"));
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 1);
  assert.match(output.stderr, /\nwatch: .*(ENOSPC|[Nn]o space left).*\n$/);
});

for (
  const [args, code, stderr] of [
    [
      ["/dev/null/directory"],
      1,
      /^watch: Cannot watch "\/dev\/null\/directory": a part of the way to it is not a directory \(ENOTDIR\)\n$/,
    ],
    [["--no-such-option"], 2, /^watch: Unknown option '--no-such-option'.*; see watch --help\n$/],
    [
      ["--events=create,made"],
      2,
      /^watch: --events takes exists, create, .* not "made"; see .*\n$/,
    ],
    [
      ["--settle=soon"],
      2,
      /^watch: --settle takes a number of milliseconds, not "soon"; see .*\n$/,
    ],
    [["--restart"], 2, /^watch: --restart needs a COMMAND; see .*\n$/],
    [["--signal=INT"], 2, /^watch: --signal needs a COMMAND; see .*\n$/],
    [["--clear"], 2, /^watch: --clear needs a COMMAND; see .*\n$/],
    ...["", "SIG", "SIGNONE", "0", "65", "-1"].map((name) =>
      [
        [`--signal=${name}`, "--", "true"],
        2,
        new RegExp(
          `^watch: --signal takes the name of a signal, as in SIGINT, not "${name}"; `,
        ),
      ] as const
    ),
    [["--"], 2, /^watch: -- must be followed by a COMMAND; see .*\n$/],
    [
      ["--json", "--", "true"],
      2,
      /^watch: --json prints, and with a COMMAND nothing is printed; see .*\n$/,
    ],
    [
      ["--stats", "--", "true"],
      2,
      /^watch: --stats prints, and with a COMMAND nothing is printed; see .*\n$/,
    ],
    [
      ["--stats", "--json"],
      2,
      /^watch: --stats counts each event .* --json or --settle; see .*\n$/,
    ],
    [["--ignore=/"], 2, /^watch: ignore takes globs, and not "\/": it names no entry; see .*\n$/],
    [
      ["--filter=src/"],
      2,
      /^watch: include takes globs, and not "src\/": it matches no file; .*\n$/,
    ],
    [["-f", ""], 2, /^watch: --filter takes a GLOB, not ""; see .*\n$/],
    [["--ignore="], 2, /^watch: --ignore takes a GLOB, not ""; see .*\n$/],
  ] as const
) {
  test(`watch ${args.join(" ")} ends with ${code} and one line that says why`, async () => {
    const { output } = watch([...args]);
    await until(() => output.code !== undefined, () => output);
    assert.equal(output.code, code);
    assert.match(output.stderr, stderr);
    assert.equal(output.stdout, "");
  });
}

test("watch --help prints the usage", async () => {
  const { output } = watch(["--help"]);
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 0);
  assert.match(output.stdout, /^Usage: watch/);
});

test("watch --version prints the version in deno.json", async () => {
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname!, "../../deno.json"), "utf8"),
  );
  const { output } = watch(["--version"]);
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.stdout, `watch ${version}\n`);
});

test("watch --json --initial --ignore --events prints an object per line for what is asked for", async () => {
  const directory = tmpDir();
  writeFileSync(join(directory, "there"), "");
  writeFileSync(join(directory, "there.tmp"), "");
  const options = ["--json", "--initial", "-i", "*.tmp", "-i", "no", "-e", "exists,create,rename"];
  const { child, output } = await watching([...options, directory]);
  mkdirSync(join(directory, "no"));
  writeFileSync(join(directory, "new\x9b"), "modified, too");
  writeFileSync(join(directory, "new.tmp"), "");
  const name = new Uint8Array([...new TextEncoder().encode(`${directory}/`), 0xff]);
  spawnSync("sh", ["-c", `: >"$(printf '${directory}/\\377')"`]); // not every runtime can make this name
  renameSync(join(directory, "there"), join(directory, "last"));
  const expected = [
    { kind: "exists", path: directory, isDirectory: true },
    { kind: "exists", path: `${directory}/there`, isDirectory: false, isSymbolicLink: false },
    { kind: "create", path: `${directory}/new\x9b`, isDirectory: false },
    {
      kind: "create",
      path: `${directory}/\ufffd`,
      rawPath: Buffer.from(name).toString("base64"),
      isDirectory: false,
    },
    {
      kind: "rename",
      path: `${directory}/last`,
      from: `${directory}/there`,
      isDirectory: false,
      replaced: false,
    },
  ];
  await until(() => output.stdout.includes("rename"), () => output);
  const lines = output.stdout.trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), expected);
  assert.ok(lines[2].includes("new\\u009b"));
  child.kill();
});

test("--settle tells what has changed in the end", async () => {
  const directory = tmpDir();
  const { child, output } = await watching(["--settle", "1000", directory]);
  writeFileSync(join(directory, "gone"), "");
  rmSync(join(directory, "gone"));
  writeFileSync(join(directory, "draft"), "one");
  await new Promise((resolve) => setTimeout(resolve, 50)); // not one batch by chance
  renameSync(join(directory, "draft"), join(directory, "text"));
  await until(() => output.stdout !== "", () => output);
  assert.equal(output.stdout, `create ${directory}/text\n`);
  child.kill();
});

test("watch --usage prints limits and users as tables, with --json as an object", async () => {
  const directory = tmpDir();
  const { child } = await watching([directory]);
  const text = watch(["--usage"]).output;
  const json = watch(["--usage", "--json"]).output;
  await until(() => text.code !== undefined && json.code !== undefined, () => [text, json]);
  const { limits, usage } = JSON.parse(json.stdout);
  const holder = usage.processes.find(({ pid }: { pid: number }) => pid === child.pid);
  assert.ok(holder.watches >= 1);
  assert.match(text.stdout, new RegExp(`^ *${limits.maxUserWatches} +user +watches$`, "m"));
  const { watches, uid, pid, command } = holder;
  assert.match(text.stdout, new RegExp(`^ *${watches} +1 +${uid} +${pid} +${command}$`, "m"));
  assert.ok(text.stdout.includes(`fs.inotify.max_user_watches=${2 * limits.maxUserWatches}\n`));
  child.kill();
});

test("watch --stats prints counts by path and kind when it is interrupted", async () => {
  const directory = tmpDir();
  for (const names of [[], ["a", "b"]]) {
    const { child, output } = await watching(["--stats", "-e", "create,remove", "."], directory);
    for (const name of names) mkdirSync(join(directory, name));
    if (names.length > 0) rmSync(join(directory, "b"), { recursive: true });
    process.kill(child.pid!, "SIGINT");
    await until(() => output.code !== undefined, () => output);
    assert.equal(output.code, 0);
    assert.equal(
      output.stdout,
      names.length === 0
        ? "Nothing has happened.\n"
        : "total  create  remove  path\n    2       1       1  b/\n    1       1       0  a/\n",
    );
  }
});

test("watch --filter prints the files that match, and directories", async () => {
  const directory = tmpDir();
  const { child, output } = await watching(
    ["-f", "*.{c,h}", "--filter", "!*.gen.c", "-e", "create,rename,remove", "."],
    directory,
  );
  mkdirSync(join(directory, "src"));
  for (const name of ["src/a.o", "src/a.gen.c", "src/a.c"]) {
    writeFileSync(join(directory, name), "");
  }
  renameSync(join(directory, "src/a.o"), join(directory, "src/b.h"));
  await until(() => output.stdout.includes("b.h"), () => output);
  assert.equal(output.stdout, "create src/\ncreate src/a.c\ncreate src/b.h\n");
  child.kill();
});

test("watch --gitignore ignores what git ignores, and .git", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, ".git"));
  writeFileSync(join(directory, ".gitignore"), "build/\n*.o\n");
  const { child, output } = await watching(["--gitignore", "-e", "create", "."], directory);
  for (const name of [".git/index", "a.o", "b.c"]) writeFileSync(join(directory, name), "");
  mkdirSync(join(directory, "build/c"), { recursive: true });
  mkdirSync(join(directory, "src"));
  await until(() => output.stdout.includes("src/"), () => output);
  assert.equal(output.stdout, "create b.c\ncreate src/\n");
  child.kill();
});

test("watch --depth watches so many levels", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "a/b"), { recursive: true });
  for (const [depth, count] of [["0", "1 watch"], ["1", "2 watches"], ["9", "3 watches"]]) {
    const { child, output } = await watching(["--depth", depth, directory]);
    assert.ok(output.stderr.includes(`(${count})`), output.stderr);
    child.kill();
  }
  for (const value of ["", "-1", "1.5", "all"]) {
    const { output } = watch([`--depth=${value}`, directory]);
    await until(() => output.code !== undefined, () => output);
    assert.deepEqual(
      [output.code, output.stderr],
      [2, `watch: --depth takes a number of levels, not "${value}"; see watch --help\n`],
    );
  }
});

test("watch --poll takes milliseconds, or a second, and prints each change once", async () => {
  const directory = tmpDir();
  const running = await watching(["--poll", "20", directory]);
  mkdirSync(join(directory, "a"));
  await until(() => running.output.stdout !== "", () => running.output);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(running.output.stdout, `create ${directory}/a/\n`);
  running.child.kill();
  const { child } = await watching([directory, "--poll"]);
  child.kill();
  for (const value of ["0", "-1", "1e3"]) {
    const { output } = watch([`--poll=${value}`, directory]);
    await until(() => output.code !== undefined, () => output);
    assert.equal(output.code, 2);
    assert.equal(
      output.stderr,
      `watch: --poll takes a number of milliseconds, not "${value}"; see watch --help\n`,
    );
  }
});

test("watch warns about paths whose changes are not reported, unless it polls", async () => {
  const { child, output } = await watching(["/proc/sys/kernel"]);
  await until(() => output.stderr.includes("--poll"), () => output);
  assert.match(output.stderr, /^watch: \/proc\/sys\/kernel is on proc, which does not report/m);
  child.kill();
  const polling = await watching(["--poll", "60000", "/proc/sys/kernel"]);
  assert.doesNotMatch(polling.output.stderr, /proc,/);
  polling.child.kill();
});
