/**
 * Who is measured: the C loop, and the module on each runtime.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import os from "node:os";
import path from "node:path";
import process from "node:process";

/** One column of the table. */
export interface Subject {
  /** The head of the column, with the version. */
  readonly name: string;
  /** The command that takes the parameters of subject.ts. */
  readonly measure: readonly string[];
  /** The command that watches its working directory, says "ready" and waits. */
  readonly ready: readonly string[];
  /** The command that says "ready" and waits, with nothing of what is measured in it. */
  readonly bare: readonly string[];
  /** Whether `measure` knows "wake-bare". */
  readonly hasBareRoute: boolean;
}

/** What all measurements share. */
export interface Setting {
  /** The column that the others are compared with. */
  readonly reference: Subject;
  /** All columns, the reference first. */
  readonly subjects: readonly Subject[];
  /** The compiled writer.c. */
  readonly writer: string;
  /** An empty directory. */
  readonly empty: string;
  /** A directory with {@link files} files of numbered names. */
  readonly full: string;
  /** How many files there are in {@link full}. */
  readonly files: number;
}

/** The command of each runtime, and what it gets from JSR: Node.js, files without types. */
const RUNTIMES: Record<string, { readonly command: readonly string[]; readonly suffix: Suffix }> = {
  Deno: {
    command: ["deno", "run", "--quiet", "--no-config", "--no-check", "--allow-all"],
    suffix: ".ts",
  },
  Bun: { command: ["bun"], suffix: ".ts" },
  Node: { command: ["node", "--disable-warning=ExperimentalWarning"], suffix: ".js" },
};

type Suffix = ".ts" | ".js";

const root = path.join(import.meta.dirname!, "../..");

/** Compiles the C programs, makes the files, and finds the runtimes; removes it all in the end. */
export async function withSetting<T>(use: (setting: Setting) => Promise<T>): Promise<T> {
  // In memory, where there is such a place: the cost of a disk is not what is measured.
  const inMemory = statSync("/dev/shm", { throwIfNoEntry: false })?.isDirectory();
  const scratch = mkdtempSync(path.join(os.tmpdir(), "inotify-bench-"));
  const files = mkdtempSync(path.join(inMemory ? "/dev/shm" : os.tmpdir(), "inotify-bench-"));
  const remove = () => {
    for (const directory of [scratch, files]) rmSync(directory, { recursive: true, force: true });
  };
  process.once("SIGINT", () => {
    remove();
    process.exit(130);
  });
  try {
    const setting = {
      reference: reference(scratch),
      writer: compile("writer.c", scratch),
      empty: path.join(files, "empty"),
      full: path.join(files, "full"),
      files: 16_000, // a little less than fs.inotify.max_queued_events, 16384
    };
    run("mkdir", setting.empty, setting.full);
    run(setting.writer, "make", setting.full, String(setting.files));
    const javaScript = path.join(scratch, "js");
    strip(javaScript);
    const runtimes = Object.keys(RUNTIMES).flatMap((name) => runtime(name, javaScript) ?? []);
    return await use({ ...setting, subjects: [setting.reference, ...runtimes] });
  } finally {
    remove();
  }
}

/** Ends the program's life; resolves when it is over. */
export async function kill(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

/** Starts a command; its diagnostics come through. */
export function start(command: readonly string[], cwd: string): ChildProcess {
  return spawn(command[0], command.slice(1), {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 180_000, // a subject that lost an event would wait for ever
    killSignal: "SIGKILL",
  });
}

function reference(scratch: string): Subject {
  const program = compile("reference.c", scratch);
  return {
    name: "C",
    measure: [program],
    ready: [program, "ready"],
    bare: [program, "bare"],
    hasBareRoute: false,
  };
}

function runtime(name: string, javaScript: string): Subject | undefined {
  const { command, suffix } = RUNTIMES[name];
  const { stdout, error } = spawnSync(command[0], ["--version"], { encoding: "utf8" });
  if (error !== undefined) {
    console.error(`${name} is left out: ${command[0]} is not on the PATH`);
    return undefined;
  }
  const directory = path.join(suffix === ".ts" ? root : javaScript, "scripts/bench");
  const program = (file: string) => [...command, path.join(directory, file + suffix)];
  return {
    name: `${name} ${/\d+\.\d+\.\d+/.exec(stdout)?.[0]}`,
    measure: program("subject"),
    ready: program("ready"),
    bare: program("bare"),
    hasBareRoute: true,
  };
}

/** Writes the module and its subjects to `directory` as JavaScript. */
function strip(directory: string): void {
  const globs = ["mod.ts", "{src,ffi}/**/*.ts", "scripts/bench/*.ts"];
  for (const file of globSync(globs, { cwd: root })) {
    const stripped = stripTypeScriptTypes(readFileSync(path.join(root, file), "utf8"));
    const target = path.join(directory, file.replace(/ts$/, "js"));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, stripped.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
  writeFileSync(path.join(directory, "package.json"), '{ "type": "module" }');
}

function compile(file: string, scratch: string): string {
  const program = path.join(scratch, path.parse(file).name);
  run("cc", "-O2", "-Wall", "-o", program, path.join(import.meta.dirname!, file));
  return program;
}

function run(command: string, ...parameters: string[]): void {
  const { status, stderr, error } = spawnSync(command, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
}
