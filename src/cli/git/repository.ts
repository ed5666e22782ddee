/**
 * `Repository`: a git repository, and its ignore rules outside of its tree (gitignore(5)).
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { variable } from "../../../ffi/program.ts";
import { Config } from "./config.ts";
import { fromByteText, resolve } from "./paths.ts";
import { Patterns } from "./patterns.ts";
import type { RuleFiles } from "./rule_files.ts";

/** What git takes from the environment, if the runtime permits to read it. */
export interface User {
  /** The user's home directory. */
  readonly home: string | undefined;
  /** The directory with the user's `config` and `ignore`. */
  readonly directory: string | undefined;
  /** The configuration files of the system and the user; a later file overrides the ones before it. */
  readonly configs: readonly string[];
}

/** Reads the environment (git(1), git-config(1)). */
export function user(): User {
  const path = (name: string) => {
    const value = variable(name);
    return value && value.startsWith("/") ? value : undefined;
  };
  const home = path("HOME");
  const directory = path("XDG_CONFIG_HOME") ?? (home && `${home}/.config`);
  const configs = [path("GIT_CONFIG_SYSTEM") ?? "/etc/gitconfig"];
  if (/^(true|yes|on|[1-9]\d*)$/i.test(variable("GIT_CONFIG_NOSYSTEM") || "")) configs.pop();
  const only = variable("GIT_CONFIG_GLOBAL");
  if (typeof only === "string") configs.push(...only.startsWith("/") ? [only] : []);
  else {
    if (directory !== undefined) configs.push(`${directory}/git/config`);
    if (home !== undefined) configs.push(`${home}/.gitconfig`);
  }
  return { home, directory: directory && `${directory}/git`, configs };
}

/** A directory with a `.git`. */
export class Repository {
  /** The patterns of the user and those of the repository, which override them. */
  readonly #lists: readonly Patterns[];

  /**
   * @param root its path, as lossless text
   * @param dotGit the content of `.git`, which is a file in a worktree or a submodule; "" for a directory
   * @param warn reports invalid configuration
   */
  constructor(
    root: string,
    dotGit: string,
    files: RuleFiles,
    { home, directory, configs }: User,
    warn: (text: string) => void,
  ) {
    const [, elsewhere = ".git"] = /^gitdir: (.*)/.exec(dotGit) ?? [];
    const gitDirectory = pathOn(files.libc, elsewhere, root);
    const common = pathOn(files.libc, files.read(`${gitDirectory}/commondir`) ?? ".", gitDirectory);
    const config = new Config(files, gitDirectory, home, warn);
    for (const file of [...configs, `${common}/config`]) config.add(file);
    if (config.hasWorktreeConfig) config.add(`${gitDirectory}/config.worktree`);
    const lists = [`${common}/info/exclude`];
    const ofUser = config.excludesFile ?? (directory && `${directory}/ignore`);
    if (ofUser) lists.unshift(resolve(files.libc, root, ofUser));
    this.#lists = lists.map((file) => new Patterns(files.read(file) ?? ""));
  }

  /** See {@link Patterns.decide}. */
  decide(path: string, from: number, isDirectory: boolean): boolean | undefined {
    let decision: boolean | undefined;
    for (const list of this.#lists) decision = list.decide(path, from, isDirectory) ?? decision;
    return decision;
  }
}

/** The path in a line, as lossless text. */
function pathOn(libc: Libc, line: string, directory: string): string {
  return resolve(libc, directory, fromByteText(line.replace(/[\r\n]+$/, "")));
}
