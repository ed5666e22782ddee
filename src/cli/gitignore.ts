/**
 * `gitignore()`: whether git ignores an entry (gitignore(5)), tracked or not.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { byteText, parentOf, resolve } from "./git/paths.ts";
import { Patterns } from "./git/patterns.ts";
import { Repository, user } from "./git/repository.ts";
import { RuleFiles } from "./git/rule_files.ts";

/** Whether git ignores an entry. Each file with rules is read once, when it is first needed. */
export interface Gitignore {
  /** @param path absolute, as lossless text */
  (path: string, isDirectory: boolean): boolean;
  /** See {@link Ignores}. */
  readonly dependsOn: "path";
  /** The files that were read. */
  readonly files: RuleFiles;
  /** Reads the files that apply to a directory. */
  load(directory: string): void;
}

/** A directory of a repository. */
interface Folder {
  readonly repository: Repository;
  /** The patterns of its `.gitignore`. */
  readonly patterns: Patterns;
  /** Its parent; `undefined` for the root of the repository. */
  readonly parent: Folder | undefined;
}

/**
 * Ignores `.git` anywhere, and in a repository what git ignores: by the `.gitignore` files from the directory of
 * the entry up to the root of the repository, then by its `info/exclude`, then by `core.excludesFile`. The
 * first file with a matching pattern decides.
 *
 * @param warn reports files that cannot be read, and invalid configuration
 */
export function gitignore(libc: Libc, warn: (text: string) => void = () => {}): Gitignore {
  const files = new RuleFiles(libc, warn);
  const environment = user();
  const folders = new Map<string, Folder | undefined>();

  function load(path: string): Folder | undefined {
    const known = folders.get(path);
    if (known !== undefined || folders.has(path)) return known;
    const dotGit = files.read(resolve(libc, path, ".git"));
    const parent = dotGit === undefined && path !== "/" ? load(parentOf(path)) : undefined;
    const repository = dotGit === undefined
      ? parent?.repository
      : new Repository(path, dotGit, files, environment, warn);
    const found = repository && { repository, patterns: patternsOf(path), parent };
    folders.set(path, found);
    return found;
  }

  function patternsOf(directory: string): Patterns {
    // Like git, it does not follow a link.
    return new Patterns(files.read(resolve(libc, directory, ".gitignore"), false) ?? "");
  }

  function isIgnored(path: string, isDirectory: boolean): boolean {
    if (path.endsWith("/.git")) return true;
    const inner = load(parentOf(path));
    if (inner === undefined) return false;
    const bytes = byteText(path);
    let from = bytes.lastIndexOf("/") + 1;
    for (let folder = inner;; folder = folder.parent) {
      const decision = folder.patterns.decide(bytes, from, isDirectory);
      if (decision !== undefined) return decision;
      if (folder.parent === undefined) break;
      from = bytes.lastIndexOf("/", from - 2) + 1;
    }
    return inner.repository.decide(bytes, from, isDirectory) ?? false;
  }

  return Object.assign(isIgnored, {
    dependsOn: "path" as const,
    files,
    load: (directory: string) => void load(directory),
  });
}
