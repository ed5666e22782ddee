/** Programs from npm that watch a directory. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { tmpDir } from "./tmp.ts";
import { until } from "./within.ts";

/** The root directory of this repository. */
export const root: string = join(import.meta.dirname!, "../..");
/** The packages of the programs. */
export const PACKAGES: string = join(root, ".runtimes/clients/node_modules");
/** Why the tests are skipped, if they are. */
export const skip: string | false = !existsSync(PACKAGES) &&
  "scripts/test.sh installs the programs, where npm can be reached";

/** A program that runs in the directory that it watches. */
export class Client implements AsyncDisposable {
  readonly directory: string = tmpDir();
  readonly #output = { stdout: "", stderr: "" };
  #child: ChildProcess | undefined;

  /** @param files the text of files that it finds, by name */
  constructor(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /**
   * Gives it a directory node_modules with the packages.
   *
   * @param program the package that imports the replaced ones
   * @param replaced the modules of some packages, by path
   */
  install(program: string, replaced: Record<string, string>): void {
    const packages = join(this.directory, "node_modules");
    for (const name of names(PACKAGES)) {
      const path = join(packages, name);
      mkdirSync(dirname(path), { recursive: true });
      if (name in replaced) {
        const module = JSON.stringify(resolve(root, replaced[name]));
        const exports = { import: "./index.mjs", require: "./index.cjs" };
        mkdirSync(path);
        writeFileSync(join(path, "package.json"), JSON.stringify({ name, exports }));
        writeFileSync(join(path, "index.cjs"), `module.exports = require(${module});`);
        writeFileSync(
          join(path, "index.mjs"),
          `export * from ${module}; export { default } from ${module};`,
        );
      } else if (name === program) cpSync(join(PACKAGES, name), path, { recursive: true });
      else symlinkSync(join(PACKAGES, name), path);
    }
  }

  /** Runs it. */
  run(command: readonly string[], env: Record<string, string> = {}): void {
    this.#child = spawn(command[0], command.slice(1), {
      cwd: this.directory,
      detached: true, // it has a process group of its own
      env: { ...process.env, NO_COLOR: "1", ...env },
    });
    this.#child.stdout!.on("data", (chunk) => this.#output.stdout += chunk);
    this.#child.stderr!.on("data", (chunk) => this.#output.stderr += chunk);
  }

  /** Its process ID. */
  get pid(): number {
    return this.#child!.pid!;
  }

  /** What it has printed to its standard error. */
  get errors(): string {
    return this.#output.stderr;
  }

  at(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), text);
  }

  /** Writes a file as many editors do. */
  save(name: string, text: string): void {
    this.write("next", text);
    this.rename("next", name);
  }

  rename(from: string, to: string): void {
    renameSync(this.at(from), this.at(to));
  }

  /** The text of a file, or nothing. */
  read(name: string): string {
    return existsSync(this.at(name)) ? readFileSync(this.at(name), "utf8") : "";
  }

  /** Waits until it prints a text that it has not printed before. */
  async prints(text: string, to: "stdout" | "stderr" = "stdout"): Promise<void> {
    const state = () => ({ text, ...this.#output });
    await until(() => this.#output[to].includes(text), state);
    const output = this.#output[to];
    this.#output[to] = output.slice(output.indexOf(text) + text.length); // more may have come with it
  }

  /** Waits until a file has a text. */
  async writes(name: string, text: string): Promise<void> {
    await until(() => this.read(name).includes(text), () => [text, this.#output]);
  }

  /** Waits until it watches a directory. */
  async watches(name: string): Promise<void> {
    const scan = `scan   ${JSON.stringify(this.at(name))} watch`;
    await until(() => this.errors.includes(scan), () => this.#output);
  }

  /** Ends it, and what it has started: once that is gone, nothing writes into the directory any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    // At a milder signal nodemon may leave behind what it starts meanwhile.
    process.kill(-child.pid!, "SIGKILL");
    await once(child, "close"); // of the pipes, which its descendants have, too
  }
}

/** The names of installed packages. */
function names(packages: string): string[] {
  return readdirSync(packages).filter((name) => !name.startsWith(".")).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(packages, name)).map((one) => `${name}/${one}`) : [name]
  );
}
