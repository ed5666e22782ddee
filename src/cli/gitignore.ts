/**
 * What git ignores (gitignore(5)), whether it knows of it or not.
 *
 * @module
 */

import { byteText, parentOf, resolve } from "./git/paths.ts";
import { Patterns } from "./git/patterns.ts";
import { Repository, user } from "./git/repository.ts";
import { Sources } from "./git/sources.ts";

/** Whether git ignores an entry, by files that were read once, each when it was first needed. */
export interface Gitignore {
  /** @param path absolute, as lossless text */
  (path: string, isDirectory: boolean): boolean;
  /** It is not the name alone that counts; see Ignores. */
  readonly byName: false;
  /** The files. */
  readonly sources: Sources;
}

/**
 * What git ignores where an entry is in a repository, and `.git` anywhere: by the `.gitignore` files
 * from the directory of the entry up to the root of its repository, then by `info/exclude` of that, then
 * by `core.excludesFile`; the first with something to say decides.
 *
 * @param warn told of what cannot be read, or is no configuration
 */
export function gitignore(warn: (text: string) => void = () => {}): Gitignore {
  const sources = new Sources(warn);
  const environment = user();
  const repositories = new Map<string, Repository | undefined>();
  const lists = new Map<string, Patterns>();

  function repositoryOf(directory: string): Repository | undefined {
    if (repositories.has(directory)) return repositories.get(directory);
    const dotGit = sources.read(resolve(directory, ".git"));
    const found = dotGit !== undefined
      ? new Repository(directory, dotGit, sources, environment, warn)
      : directory === "/"
      ? undefined
      : repositoryOf(parentOf(directory));
    repositories.set(directory, found);
    return found;
  }

  function listOf(directory: string): Patterns {
    let list = lists.get(directory);
    if (list === undefined) {
      // A link is not followed, no more than by git.
      list = new Patterns(sources.read(resolve(directory, ".gitignore"), false) ?? "");
      lists.set(directory, list);
    }
    return list;
  }

  function isIgnored(path: string, isDirectory: boolean): boolean {
    if (path.endsWith("/.git")) return true;
    let directory = parentOf(path);
    const repository = repositoryOf(directory);
    if (repository === undefined) return false;
    const bytes = byteText(path);
    let from = bytes.lastIndexOf("/") + 1;
    for (;;) {
      const decision = listOf(directory).decide(bytes, from, isDirectory);
      if (decision !== undefined) return decision;
      if (directory === repository.root) break;
      directory = parentOf(directory);
      from = bytes.lastIndexOf("/", from - 2) + 1;
    }
    return repository.decide(bytes, from, isDirectory) ?? false;
  }

  return Object.assign(isIgnored, { byName: false as const, sources });
}
