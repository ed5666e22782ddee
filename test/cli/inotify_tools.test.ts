/**
 * inotifywait and inotifywatch compared with those of inotify-tools 3.22: equal command lines and equal changes
 * give equal output. Skipped where inotify-tools is not installed. Every option is a command line of its own here:
 * the file is longer than 300 lines.
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { tmpDir } from "../helpers/tmp.ts";
import {
  ours,
  outfileWorks,
  theirs,
  theirsIsHere,
  type Tool,
  type ToolName,
} from "../helpers/tools.ts";

/** What to do with a command line, and what to compare. */
interface Comparison {
  /** Makes changes once the program watches; without it the program ends by itself. */
  readonly happens?: Changes;
  /** The standard input. */
  readonly input?: string;
  /** The number of watches to wait for, if the program prints no message when it is ready. */
  readonly watches?: number;
  /** The signal that ends it; by default SIGTERM. */
  readonly signal?: NodeJS.Signals;
  /** Whether to ignore the order of lines, which depends on the order of watches, and so on the disk. */
  readonly sorted?: boolean;
  /** What is not compared. */
  readonly without?: "stdout" | "stderr";
}

/** Makes changes. @param at gives the path of a name in the directory of the program */
type Changes = (at: (name: string) => string, tool: Tool) => void | Promise<void>;

const modify: Changes = (at) => appendFileSync(at("file"), "x");

const lives: Changes = (at) => {
  appendFileSync(at("new"), "x");
  readFileSync(at("new"));
  chmodSync(at("new"), 0o600);
  renameSync(at("new"), at("old"));
  unlinkSync(at("old"));
  appendFileSync(at("dir/inner"), "x");
  appendFileSync(at("file"), "x");
};

const reads: Changes = (at) => {
  appendFileSync(at("dir/inner"), "x");
  for (let i = 0; i < 3; i++) readFileSync(at("dir/inner"));
  for (let i = 0; i < 20; i++) chmodSync(at(i % 2 ? "file" : "out"), 0o600);
};

/**
 * Waits until a new directory is scanned. It has a watch before that; events that occur in between may be
 * reported in one order or the other.
 */
async function scanned(tool: Tool, watches: number): Promise<void> {
  await tool.watches(watches);
  await new Promise((resolve) => setTimeout(resolve, 300));
}

const grows: Changes = async (at, tool) => {
  mkdirSync(at("fresh"));
  await scanned(tool, 5);
  appendFileSync(at("fresh/file"), "x");
  renameSync(at("fresh"), at("dir/moved"));
  appendFileSync(at("dir/moved/file"), "x");
  mkdirSync(at("dir/moved/deep"));
  await scanned(tool, 6);
  appendFileSync(at("dir/moved/deep/file"), "x");
  rmSync(at("dir/moved/deep"), { recursive: true });
};

function prepare(directory: string): void {
  mkdirSync(join(directory, "dir/sub"), { recursive: true });
  mkdirSync(join(directory, "other"));
  writeFileSync(join(directory, "file"), "");
  writeFileSync(join(directory, "with space"), "");
  writeFileSync(join(directory, "dir/inner"), "");
  writeFileSync(join(directory, "list"), "dir\n\n@\nother\n");
  writeFileSync(join(directory, "out"), "");
  symlinkSync("file", join(directory, "link"));
  symlinkSync("dir", join(directory, "dirlink"));
}

/** Command lines of inotifywait; a text is split at spaces. */
const WAIT: readonly (readonly [line: string | string[], Comparison?])[] = [
  // One event.
  ["file", { happens: modify }],
  ["file -e modify", { happens: modify }],
  ["-e modify,attrib file", { happens: (at) => chmodSync(at("file"), 0o600) }],
  ["--event=MODIFY --event close file", { happens: modify }],
  ["--ev modify file", { happens: modify }],
  ["-emodify file", { happens: modify }],
  ["-q file", { happens: modify, watches: 1 }],
  ["-qq file", { happens: modify, watches: 1 }],
  ["-q -q file", { happens: modify, watches: 1 }],
  ["-e attrib file", { happens: (at) => unlinkSync(at("file")) }],
  ["-e modify file", { happens: (at) => unlinkSync(at("file")) }],
  ["-e delete_self file", { happens: (at) => unlinkSync(at("file")) }],
  ["-e move_self file", { happens: (at) => renameSync(at("file"), at("gone")) }],
  ["-e create .", { happens: (at) => mkdirSync(at("fresh")) }],
  ["-e close_write dir other", { happens: (at) => appendFileSync(at("other/x"), "x") }],
  ["-e open dir/", { happens: (at) => void readFileSync(at("dir/inner")) }],
  ["-r -e create .", { happens: (at) => mkdirSync(at("dir/sub/fresh")) }],
  ["-e , file", { happens: modify }],
  ["-e modify, file", { happens: modify }],
  [["-e", "", "file"], { happens: modify }],
  ["-e all_events file", { happens: modify }],
  // Time.
  ["-t 1 file"],
  ["--timeout=1 -e attrib file"],
  ["-m -t 1 -e modify file", { happens: modify }],
  ["-m -t 1 -r -e attrib ."],
  [["-t", "+1", "file"]],
  [["-t", " 1", "file"]],
  ["-t 0 file", { happens: modify }],
  ["-t -5 file", { happens: modify }],
  ["-t 99999999999999999999 file"],
  ["-t x file"],
  ["-t 1x file"],
  [["-t", "", "file"]],
  // Many events.
  ["-m .", { happens: lives }],
  ["-m -q .", { happens: lives, watches: 1 }],
  ["-m dir . file", { happens: lives }],
  ["-m . ./ dir/..", { happens: lives }],
  ["-m -e create -e delete -e move .", { happens: lives }],
  ["-mr .", { happens: lives }],
  ["-mrq dir other/", { happens: lives, watches: 3 }],
  ["-m -r . file", { happens: lives }],
  ["-m dirlink link", { happens: lives }],
  ["-m -r dirlink", { happens: lives }],
  ["-m -P dirlink link", { happens: (at) => lutimesSync(at("link"), 1, 1) }],
  ["-P -q -e modify,attrib link", { happens: (at) => lutimesSync(at("link"), 1, 1), watches: 1 }],
  ["-P -t 1 -e modify link", { happens: modify }],
  ["-m file", { happens: (at) => renameSync(at("file"), at("gone")) }],
  ["-m dir", { happens: (at) => renameSync(at("dir"), at("gone")) }],
  ["-m dir/sub", { happens: (at) => rmSync(at("dir/sub"), { recursive: true }) }],
  ["-m -e ignored,delete_self dir/sub", {
    happens: (at) => rmSync(at("dir/sub"), { recursive: true }),
  }],
  ["-m -e oneshot,modify file", { happens: modify }],
  ["-m file", { happens: (at) => linkSync(at("file"), at("hard")) }],
  // Trees that change.
  ["-m -r .", { happens: grows }],
  ["-m -r -e modify .", { happens: grows }],
  ["-m -r -e create,moved_to .", { happens: grows }],
  ["-m -r .", { happens: (at) => renameSync(at("dir/sub"), at("other/sub")) }],
  ["-m -r -e modify,create .", {
    async happens(at) {
      renameSync(at("dir/sub"), at("other/sub"));
      await new Promise((resolve) => setTimeout(resolve, 100));
      appendFileSync(at("other/sub/x"), "x");
    },
  }],
  ["-m -r dir", { happens: (at) => renameSync(at("dir/sub"), at("other/sub")) }],
  ["-m -r dir", {
    async happens(at, tool) {
      renameSync(at("other"), at("dir/other"));
      await scanned(tool, 3);
      appendFileSync(at("dir/other/x"), "x");
    },
  }],
  ["-m -r .", { happens: (at) => rmSync(at("dir"), { recursive: true }), without: "stdout" }],
  ["-r -q -e modify .", { happens: (at) => appendFileSync(at("dir/inner"), "x"), watches: 4 }],
  // Exclusion.
  ["-m -r . @dir", { happens: lives }],
  ["-m -r . @./dir/", { happens: lives }],
  ["-m -r @dir dir", { happens: lives }],
  ["-m @ .", { happens: lives }],
  [["-m", "", "."], { happens: lives }],
  ["-m --exclude new .", { happens: lives }],
  ["-m --exclude (new|old)$ .", { happens: lives }],
  ["-m --exclude ^\\./[[:lower:]]{3}$ .", { happens: lives }],
  ["-m --excludei NEW .", { happens: lives }],
  ["-m --include old .", { happens: lives }],
  ["-m --includei OLD .", { happens: lives }],
  ["-m -r --exclude dir/ .", { happens: lives }],
  ["-m -r --exclude ^./dir$ .", { happens: lives }],
  ["-m -r --include inner .", { happens: lives }],
  ["-m --exclude new --exclude old .", { happens: lives }],
  ["-m --excludei NEW --excludei OLD .", { happens: lives }],
  ["-m --include new --include old .", { happens: lives }],
  ["-t 1 --exclude file file", { happens: modify }],
  ["--exclude ( file"],
  ["--exclude * file"],
  ["--excludei [ file"],
  ["--include a{2,1} file"],
  ["--exclude a --excludei b file"],
  ["--include a --includei b file"],
  ["--exclude a --include b file"],
  ["--excludei a --includei b file"],
  // Output formats.
  ["-m -c .", { happens: lives }],
  ["-m --csv -e attrib .", {
    happens(at) {
      for (const name of ["a,b", 'q"q', " lead", "trail ", "new\nline", "plain"]) {
        mkdirSync(at(name));
        chmodSync(at(name), 0o700);
      }
    },
  }],
  [["-c", "with space"], { happens: (at) => appendFileSync(at("with space"), "x") }],
  ["-c file", { happens: modify }],
  ["-m --format %w|%f|%e|%%|%c .", { happens: (at) => mkdirSync(at("fresh")) }],
  ["-m --format %.e%0%n%x%:e% .", { happens: lives }],
  ["-m --format %e%e,%Xe%Ye%ee .", { happens: lives }],
  ["-m --format %f; --no-newline .", { happens: lives }],
  ["-m --format a% --no-newline .", { happens: lives }],
  ["-m --format a% .", { happens: lives }],
  [["-m", "--format", "", "."], { happens: (at) => mkdirSync(at("fresh")) }],
  [["--format", "", "--no-newline", "."]],
  ["-m --format %f --format %e .", { happens: lives }],
  ["-m --timefmt %Y-%j --format %T:%f .", { happens: (at) => mkdirSync(at("fresh")) }],
  [["-m", "--timefmt", "%% %A%n%e", "--format", "%T", "."], {
    happens: (at) => mkdirSync(at("fresh")),
  }],
  ["-m --timefmt %Y --format %f .", { happens: (at) => mkdirSync(at("fresh")) }],
  ["--format %T file"],
  ["--format a%%T file"],
  ["--timefmt %T file"],
  ["--no-newline file"],
  ["-c --format %f file"],
  ["-m -e create .", {
    happens: (at) => ["ü", "日本", "\ufeffbom", "a b"].forEach((name) => mkdirSync(at(name))),
  }],
  // Files of input and output.
  ["--fromfile list -m -r", { happens: lives }],
  ["--fromfile - -m", { happens: lives, input: "dir\n@x\n.\n" }],
  ["--fromfile - -m other", { happens: lives, input: "dir" }],
  ["--fromfile nothing dir -m", { happens: lives }],
  ["--fromfile nothing"],
  ["--fromfile - -r", { input: "\n\n" }],
  ["--fromfile list --fromfile list"],
  ["-m -o out dir", { happens: lives }],
  ["-m --outfile=./fresh dir", { happens: lives }],
  ["-o nothing/out dir"],
  ["-o out -o out dir"],
  ["-d dir"],
  ["-d -o nothing dir"],
  // Failures.
  [""],
  ["@file"],
  ["--help", { without: "stdout" }],
  ["-h", { without: "stdout" }],
  ["nothing"],
  ["file nothing"],
  ["-r nothing"],
  ["-m -r dir nothing"],
  ["file/"],
  ["file/x"],
  ["-e made file"],
  ["-e modify,made file"],
  ["-e isdir -t 1 file", { happens: modify }],
  ["-x file"],
  ["-mx file"],
  ["--nothing file"],
  ["--nothing=1 file"],
  ["--monitor=1 file"],
  ["--ex a file"],
  ["--in a file"],
  ["--t"],
  ["-t"],
  ["-e"],
  ["--event"],
  ["-f file", { without: "stderr" }],
  ["-- -m"],
  ["-m -- file", { happens: modify }],
  ["-I -m file", { happens: modify }],
  ["-F -q file", { happens: modify, watches: 1, without: "stderr" }],
];

/** Command lines of inotifywatch. */
const WATCH: readonly (readonly [line: string | string[], Comparison?])[] = [
  [".", { happens: lives }],
  ["file dir", { happens: lives }],
  ["-r .", { happens: lives }],
  ["-r -v .", { happens: lives }],
  ["-v dir other", { happens: lives }],
  ["-z .", { happens: lives }],
  ["-r -z . -e modify -e move", { happens: lives, sorted: true }],
  ["-r -a modify .", { happens: lives }],
  ["-r -d modify .", { happens: lives }],
  ["-r -a total .", { happens: lives }],
  ["-r -d TOTAL .", { happens: lives }],
  ["-r -d access .", { happens: reads }],
  ["-r -d open .", { happens: reads }],
  ["-r -d attrib -d open .", { happens: lives }],
  ["-e create,delete .", { happens: lives }],
  ["-e access .", { happens: (at) => mkdirSync(at("fresh")) }],
  ["-r . @dir", { happens: lives }],
  ["--exclude new .", { happens: lives }],
  ["--include old .", { happens: lives }],
  ["--excludei NEW .", { happens: lives }],
  ["-P link", { happens: (at) => lutimesSync(at("link"), 1, 1) }],
  ["--fromfile list", { happens: lives }],
  ["-t 1 .", { happens: lives }],
  ["-t 1 -v .", { happens: lives }],
  ["-v .", { happens: lives }],
  ["-v --timeout=-5 .", { happens: lives }],
  [".", { happens: lives, signal: "SIGTERM" }],
  [".", { happens: lives, signal: "SIGHUP" }],
  ["file", { happens: (at) => unlinkSync(at("file")) }],
  ["-r .", {
    async happens(at, { child }) {
      lives(at, undefined as unknown as Tool);
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.kill(child.pid!, "SIGUSR1");
      await new Promise((resolve) => setTimeout(resolve, 100));
      appendFileSync(at("dir/inner"), "x");
    },
  }],
  [""],
  ["nothing"],
  ["-r nothing"],
  ["-r -v nothing"],
  ["-a move ."],
  ["-a close ."],
  ["-a made ."],
  ["-d made ."],
  ["-a modify -e create ."],
  ["-a modify -a create ."],
  ["-a modify -d create ."],
  ["-t x ."],
  ["-e made ."],
  ["--exclude ( ."],
  ["--exclude a --include b ."],
  ["--fromfile list --fromfile list"],
  ["-x"],
  ["--help", { without: "stdout" }],
];

const options = theirsIsHere ? {} : { skip: "inotify-tools 3.22 is not installed here" };
const toFile = outfileWorks ? options : { skip: "this Deno's descriptors are not the system's" };

const comparisons = [["inotifywait", WAIT] as const, ["inotifywatch", WATCH] as const].flatMap(
  ([tool, lines]) =>
    lines.map(([line, comparison = {}]) => {
      const args = typeof line === "string" ? line.split(" ").filter(Boolean) : line;
      return { tool, args, comparison };
    }),
);

for (const [index, { tool, args }] of comparisons.entries()) {
  const shown = args.map((arg) => /^[\w./,=@-]+$/.test(arg) ? arg : `'${arg}'`).join(" ");
  const isToFile = args.some((arg) => arg === "-o" || arg.startsWith("--outfile"));
  test(
    `${tool} ${shown} prints what inotify-tools print (${index + 1})`,
    isToFile ? toFile : options,
    () => outcome(index),
  );
}

/** How many comparisons run at a time: they mostly wait. */
const AT_A_TIME = 6;
const outcomes: Promise<void>[] = [];

function outcome(index: number): Promise<void> {
  for (const [i, { tool, args, comparison }] of comparisons.entries()) {
    if (i < index || i >= index + AT_A_TIME || outcomes[i] !== undefined) continue;
    outcomes[i] = compare(tool, args, comparison);
    outcomes[i].catch(() => {}); // the test whose turn it is reports it
  }
  return outcomes[index];
}

async function compare(
  name: ToolName,
  args: readonly string[],
  { happens, input = "", watches, signal, sorted, without }: Comparison,
): Promise<void> {
  const results = await Promise.all([theirs, ours].map(async (start) => {
    const directory = tmpDir();
    prepare(directory);
    const tool = start(name, args, directory);
    tool.child.stdin.end(input);
    const at = (path: string) => join(directory, path);
    if (happens !== undefined) {
      if (watches === undefined) await tool.ready();
      else await tool.watches(watches);
      await happens(at, tool);
    }
    return { ...tool, at };
  }));
  const [expected, actual] = results;
  if (happens !== undefined) {
    // The original is done when it prints no more; ours has until it prints the same.
    for (let length = -1; length !== expected.output.stdout.length;) {
      length = expected.output.stdout.length;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    const isSame = () =>
      merged(actual.output.stdout) === merged(expected.output.stdout) &&
      "code" in actual.output === "code" in expected.output;
    for (let patience = 250; patience > 0 && !isSame(); patience--) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const { child, output } of results) {
      if ("code" in output || args.includes("-t")) continue;
      process.kill(child.pid!, signal ?? (name === "inotifywatch" ? "SIGINT" : "SIGTERM"));
    }
  }
  await Promise.all(results.map((tool) => tool.ended()));
  const [seen, wanted] = [actual, expected].map(({ output, at }) => ({
    stdout: without === "stdout"
      ? ""
      : sorted
      ? output.stdout.split("\n").sort()
      : merged(output.stdout),
    stderr: without === "stderr" ? "" : output.stderr,
    out: merged(readFileSync(at("out"), "utf8")),
    code: output.code,
  }));
  assert.deepEqual(seen, wanted);
}

/** Merges equal neighbours, as the kernel does if they are not read between them. */
function merged(text: string): string {
  return text.replace(/^(.*\n)\1+/gm, "$1");
}
