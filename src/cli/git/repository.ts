/**
 * A repository of git, and the lists of what to ignore that are not in its tree (gitignore(5)).
 *
 * @module
 */

import { variable } from "../../../ffi/program.ts";
import { Config } from "./config.ts";
import { fromByteText, resolve } from "./paths.ts";
import { Patterns } from "./patterns.ts";
import type { Sources } from "./sources.ts";

/** What git takes from the environment, as far as the runtime lets the program read that. */
export interface User {
  /** The user's directory. */
  readonly home: string | undefined;
  /** The directory of the user's `config` and `ignore`. */
  readonly directory: string | undefined;
  /** The configuration of the system and of the user; later files count more. */
  readonly configs: readonly string[];
}

/** What the environment says (git(1), git-config(1)). */
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
  /** That of the user and that of the repository; later ones count more. */
  readonly #lists: readonly Patterns[];

  /**
   * @param root its path, as lossless text
   * @param dotGit what is in `.git`, if that is a file; it may be that of a worktree, or of a submodule
   * @param warn reports what is wrong
   */
  constructor(
    root: string,
    dotGit: string,
    sources: Sources,
    { home, directory, configs }: User,
    warn: (text: string) => void,
  ) {
    const [, elsewhere = ".git"] = /^gitdir: (.*)/.exec(dotGit) ?? [];
    const gitDirectory = pathOn(elsewhere, root);
    const common = pathOn(sources.read(`${gitDirectory}/commondir`) ?? ".", gitDirectory);
    const config = new Config(sources, gitDirectory, home, warn);
    for (const file of [...configs, `${common}/config`]) config.add(file);
    if (config.hasWorktreeConfig) config.add(`${gitDirectory}/config.worktree`);
    const files = [`${common}/info/exclude`];
    const ofUser = config.excludesFile ?? (directory && `${directory}/ignore`);
    if (ofUser) files.unshift(resolve(root, ofUser));
    this.#lists = files.map((file) => new Patterns(sources.read(file) ?? ""));
  }

  /** See {@link Patterns.decide}. */
  decide(path: string, from: number, isDirectory: boolean): boolean | undefined {
    let decision: boolean | undefined;
    for (const list of this.#lists) decision = list.decide(path, from, isDirectory) ?? decision;
    return decision;
  }
}

/** The path that a line has, as lossless text. */
function pathOn(line: string, directory: string): string {
  return resolve(directory, fromByteText(line.replace(/[\r\n]+$/, "")));
}
