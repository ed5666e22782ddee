/** The installed runtimes, and how each runs a program of this folder. */

import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import type { Scratch } from "./scratch.ts";

/** A runtime on the PATH. */
export interface Runtime {
  /** Its name. */
  readonly name: RuntimeName;
  /** Its version. */
  readonly version: string;
  /** The command that runs a program. @param file its path without suffix, relative to this folder */
  program(file: string): string[];
}

/** The supported runtimes. */
export type RuntimeName = "Deno" | "Bun" | "Node";

/** The command of each, and what it gets from JSR: TypeScript for Deno, else JavaScript. */
const COMMANDS: Record<RuntimeName, readonly [suffix: ".ts" | ".js", ...command: string[]]> = {
  Deno: [
    ".ts",
    "deno",
    "run",
    "--quiet",
    "--no-config",
    "--node-modules-dir=manual", // lets a peer resolve its imports
    "--no-check",
    "--allow-all",
  ],
  Bun: [".js", "bun"],
  Node: [".js", "node", "--disable-warning=ExperimentalWarning"],
};

const root = path.join(import.meta.dirname!, "../..");

/** Finds the runtimes, and prints which are left out. */
export function runtimes({ programs }: Scratch): Runtime[] {
  const javaScript = path.join(programs, "js");
  strip(javaScript);
  return (Object.keys(COMMANDS) as RuntimeName[]).flatMap((name) => {
    const [suffix, ...command] = COMMANDS[name];
    const { stdout, error } = spawnSync(command[0], ["--version"], { encoding: "utf8" });
    if (error !== undefined) {
      console.error(`${name} is left out: ${command[0]} is not on the PATH`);
      return [];
    }
    const directory = path.join(suffix === ".ts" ? root : javaScript, "scripts/bench");
    return {
      name,
      version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "",
      program: (file) => [...command, path.join(directory, file + suffix)],
    };
  });
}

/** Writes the module and this folder to `directory` as JavaScript. */
function strip(directory: string): void {
  const globs = ["mod.ts", "{src,ffi,scripts}/**/*.ts"];
  for (const file of globSync(globs, { cwd: root })) {
    const stripped = stripTypeScriptTypes(readFileSync(path.join(root, file), "utf8"));
    const target = path.join(directory, file.replace(/ts$/, "js"));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, stripped.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
  copyFileSync(path.join(root, "deno.json"), path.join(directory, "deno.json"));
  writeFileSync(path.join(directory, "package.json"), '{ "type": "module" }');
}
