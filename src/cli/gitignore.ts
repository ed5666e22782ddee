/**
 * What git ignores (gitignore(5)), whether it tracks it or not.
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
  /** Reads the files that count in a directory. */
  look(directory: string): void;
}

/** A directory of a repository. */
interface Folder {
  readonly repository: Repository;
  /** Of its `.gitignore`. */
  readonly list: Patterns;
  /** The one that it is in; `undefined` for the root of the repository. */
  readonly parent: Folder | undefined;
}

/**
 * What git ignores where an entry is in a repository, and `.git` anywhere: by the `.gitignore` files
 * from the directory of the entry up to the root of its repository, then by `info/exclude` of that, then
 * by `core.excludesFile`; the first with something to say decides.
 *
 * @param warn reports what cannot be read, or is no configuration
 */
export function gitignore(warn: (text: string) => void = () => {}): Gitignore {
  const sources = new Sources(warn);
  const environment = user();
  const folders = new Map<string, Folder | undefined>();

  function look(path: string): Folder | undefined {
    const known = folders.get(path);
    if (known !== undefined || folders.has(path)) return known;
    const dotGit = sources.read(resolve(path, ".git"));
    const parent = dotGit === undefined && path !== "/" ? look(parentOf(path)) : undefined;
    const repository = dotGit === undefined
      ? parent?.repository
      : new Repository(path, dotGit, sources, environment, warn);
    const found = repository && { repository, list: listOf(path), parent };
    folders.set(path, found);
    return found;
  }

  function listOf(directory: string): Patterns {
    // A link is not followed, no more than by git.
    return new Patterns(sources.read(resolve(directory, ".gitignore"), false) ?? "");
  }

  function isIgnored(path: string, isDirectory: boolean): boolean {
    if (path.endsWith("/.git")) return true;
    const inner = look(parentOf(path));
    if (inner === undefined) return false;
    const bytes = byteText(path);
    let from = bytes.lastIndexOf("/") + 1;
    for (let folder = inner;; folder = folder.parent) {
      const decision = folder.list.decide(bytes, from, isDirectory);
      if (decision !== undefined) return decision;
      if (folder.parent === undefined) break;
      from = bytes.lastIndexOf("/", from - 2) + 1;
    }
    return inner.repository.decide(bytes, from, isDirectory) ?? false;
  }

  return Object.assign(isIgnored, {
    byName: false as const,
    sources,
    look: (directory: string) => void look(directory),
  });
}
