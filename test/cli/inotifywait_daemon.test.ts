/** inotifywait with `--outfile`, `--daemon` and `--syslog`. */

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tmpDir } from "../helpers/tmp.ts";
import { ours, outfileWorks, wait } from "../helpers/tools.ts";
import { until } from "../helpers/within.ts";

const toFile = { skip: !outfileWorks && "this Deno's descriptors are not the system's" };

test("inotifywait --outfile is refused where the runtime's descriptors are its own", {
  skip: outfileWorks && "they are",
}, async () => {
  const tool = ours("inotifywait", ["-o", "out", "."], tmpDir());
  assert.equal(await tool.ended(), 1);
  assert.match(tool.output.stderr, /--outfile needs Deno 2\.8 or later/);
});

test("inotifywait --outfile is made with mode 0600, and appended to", toFile, async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "dir"));
  for (const name of ["one", "two"]) {
    const tool = await wait(["-o", "out", "-e", "create", "dir"], directory);
    mkdirSync(join(directory, "dir", name));
    assert.equal(await tool.ended(), 0);
    assert.equal(tool.output.stdout, "");
  }
  const out = join(directory, "out");
  assert.equal(readFileSync(out, "utf8"), "dir/ CREATE,ISDIR one\ndir/ CREATE,ISDIR two\n");
  assert.equal(statSync(out).mode & 0o777, 0o600);
});

test(
  "inotifywait --daemon returns at once, and goes on in the background with its options",
  toFile,
  async () => {
    const directory = tmpDir();
    const out = join(directory, "out");
    mkdirSync(join(directory, "a dir/sub"), { recursive: true });
    writeFileSync(out, "");
    const format = ["--format", "%e '%w' %f", "--exclude", "no"];
    const args = ["-drqo", "out", "-t", "1", "--event=create", ...format, "--", "a dir"];
    const tool = ours("inotifywait", args, directory, { under: syslogging(directory) });
    assert.equal(await tool.ended(), 0);
    assert.deepEqual([tool.output.stdout, tool.output.stderr], ["", ""]);
    let made = 0;
    await until(() => {
      mkdirSync(join(directory, `a dir/sub/no${made}`));
      mkdirSync(join(directory, `a dir/sub/${made++}`));
      return readFileSync(out, "utf8") !== "";
    }, () => made);
    assert.match(readFileSync(out, "utf8"), /^(CREATE,ISDIR 'a dir\/sub\/' \d+\n)+$/);
  },
);

test(
  "inotifywait --daemon --fromfile - reads the paths from its standard input",
  toFile,
  async () => {
    const directory = tmpDir();
    const out = join(directory, "out");
    writeFileSync(out, "");
    mkdirSync(join(directory, "dir"));
    const args = ["-d", "-o", "out", "-t", "1", "-e", "create", "--fromfile", "-"];
    const tool = ours("inotifywait", args, directory, { under: syslogging(directory) });
    tool.child.stdin.end("dir\n");
    assert.equal(await tool.ended(), 0);
    let made = 0;
    await until(() => {
      mkdirSync(join(directory, `dir/${made++}`));
      return readFileSync(out, "utf8") !== "";
    }, () => made);
    assert.match(readFileSync(out, "utf8"), /^(dir\/ CREATE,ISDIR \d+\n)+$/);
    const log = () => readFileSync(join(directory, "log"), "utf8");
    await until(() => log().includes("Watches established."), log);
    assert.match(
      log(),
      /^--tag=inotifywait --id=\d+ --priority=daemon\.info -- Setting up watches\.\n/,
    );
  },
);

test("inotifywait --syslog sends its messages to logger(1)", async () => {
  const directory = tmpDir();
  const tool = ours("inotifywait", ["-s", "nothing"], directory, { under: syslogging(directory) });
  assert.equal(await tool.ended(), 1);
  assert.equal(tool.output.stderr, "");
  const logged = readFileSync(join(directory, "log"), "utf8").replaceAll(/^.* -- /gm, "");
  assert.equal(logged, "Setting up watches.\nCouldn't watch nothing: No such file or directory\n");
});

test("inotifywait --syslog without logger(1) prints messages and the reason on stderr", async () => {
  const directory = tmpDir();
  const under = ["sh", "-c", `export PATH=${directory}; exec "$@"`, "sh"];
  const tool = ours("inotifywait", ["-s", "nothing"], directory, { under });
  assert.equal(await tool.ended(), 1);
  const [line, why] = tool.output.stderr.split("\n");
  assert.equal(line, "Setting up watches.");
  assert.match(why, /^inotifywait: Cannot run logger\(1\): .*(ENOENT|not found|No such file)/);
});

/** Runs with a logger(1) that writes its arguments to the file "log" in a directory. */
function syslogging(directory: string): string[] {
  const bin = join(directory, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "logger"), `#!/bin/sh\necho "$@" >> '${directory}/log'\n`);
  chmodSync(join(bin, "logger"), 0o755);
  return ["sh", "-c", `export PATH='${bin}':$PATH; exec "$@"`, "sh"];
}
