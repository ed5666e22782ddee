/**
 * What git's configuration says of the files that tell it what to ignore (git-config(1)).
 *
 * The files are read here, and git is not asked: it may be missing, and may not be run without a permission.
 * `include.path` counts, and of the conditions of `includeIf` that of `gitdir`; the others do not.
 *
 * @module
 */

import { Glob } from "../../watch/glob.ts";
import { toText } from "../../kernel/byte_string.ts";
import { byteText, fromByteText, parentOf, resolve } from "./paths.ts";
import type { Sources } from "./sources.ts";

/** How deep files may include each other, as with git. */
const DEEPEST = 10;

/** The configuration of a repository, as far as it is of interest. */
export class Config {
  /** `core.excludesFile`: absolute, or relative to the repository; empty if there is to be none. */
  excludesFile: string | undefined;
  /** `extensions.worktreeConfig`: whether a worktree has a configuration of its own. */
  hasWorktreeConfig = false;
  readonly #sources: Sources;
  readonly #gitDirectory: string;
  readonly #home: string | undefined;
  readonly #warn: (text: string) => void;

  /**
   * @param gitDirectory for the conditions
   * @param home the directory of the user, if it is known
   * @param warn reports what is no configuration
   */
  constructor(
    sources: Sources,
    gitDirectory: string,
    home: string | undefined,
    warn: (text: string) => void,
  ) {
    this.#sources = sources;
    this.#gitDirectory = gitDirectory;
    this.#home = home;
    this.#warn = warn;
  }

  /** Has the settings of a file count, if there is one; they are later than those so far. */
  add(file: string, depth: number = 0): void {
    const { settings, rest } = parse(this.#sources.read(file) ?? "");
    for (const { name, value } of settings) {
      const [, condition] = /^includeif\.(.*)\.path$/s.exec(name) ?? [];
      if (name === "core.excludesfile") {
        this.excludesFile = this.#path(value);
      } else if (name === "extensions.worktreeconfig") {
        this.hasWorktreeConfig = /^(true|yes|on|[1-9]\d*)$/i.test(value);
      } else if (
        name === "include.path" || condition !== undefined && this.#holds(condition, file)
      ) {
        const included = this.#path(value);
        if (included && depth < DEEPEST) this.add(resolve(parentOf(file), included), depth + 1);
      }
    }
    if (rest !== "") {
      const line = JSON.stringify(rest.slice(0, 40).replace(/\n.*/s, ""));
      this.#warn(`${toText(file)} is no configuration of git from ${line} on`);
    }
  }

  /** A path of a setting, as lossless text; `undefined` if it is that of a user who is not known. */
  #path(value: string): string | undefined {
    if (!value.startsWith("~")) return fromByteText(value);
    return value.startsWith("~/") && this.#home
      ? this.#home + fromByteText(value.slice(1))
      : undefined;
  }

  /** Whether a condition of `includeIf` is so. @param file in which it is */
  #holds(condition: string, file: string): boolean {
    const [, fold, value] = /^gitdir(\/i)?:(.*)$/s.exec(condition) ?? [];
    if (value === undefined) return false;
    const path = value.startsWith("./")
      ? byteText(parentOf(file)) + value.slice(1)
      : value.startsWith("~/")
      ? byteText(this.#home ?? "~") + value.slice(1)
      : value.startsWith("/")
      ? value
      : `**/${value}`;
    const pattern = path.replace(/\/$/, "/**");
    const directory = byteText(this.#gitDirectory);
    try {
      return fold === undefined
        ? new Glob(pattern, false).matches(directory, 0)
        : new Glob(pattern.toLowerCase(), false).matches(directory.toLowerCase(), 0);
    } catch {
      return false; // a glob that matches nothing
    }
  }
}

/** A setting, of which the section and the key are lower-case. */
interface Setting {
  readonly name: string;
  readonly value: string;
}

/** A comment, a section, or a key that may have a value; with the blanks before it. */
const ITEM =
  /\s*(?:[#;].*|\[([\w.-]+)(?:\s+"((?:\\.|[^"\\\n])*)")?\]|([a-z][a-z\d-]*)[ \t]*(?:=((?:"(?:\\[^]|[^"\\\n])*"|\\[^]|[^"\\\n#;])*)|(?=[\n#;]|$)))/iy;

/** @returns the settings of a file, up to what is none */
function parse(text: string): { settings: Setting[]; rest: string } {
  const content = `${text.replace(/^\xef\xbb\xbf/, "").replace(/\r\n/g, "\n").trimEnd()}\n`;
  const settings: Setting[] = [];
  let prefix = "";
  let end = 0;
  ITEM.lastIndex = 0;
  for (let item; (item = ITEM.exec(content)) !== null; end = ITEM.lastIndex) {
    const [, section, subsection, key, value] = item;
    if (section !== undefined) {
      const inner = subsection === undefined ? "" : `${subsection.replace(/\\(.)/g, "$1")}.`;
      prefix = `${section.toLowerCase()}.${inner}`;
    } else if (key !== undefined) {
      settings.push({ name: prefix + key.toLowerCase(), value: unquoted(value ?? "") });
    }
  }
  return { settings, rest: content.slice(end).trim() };
}

/** The value that is meant: without quotes and escapes, and without the blanks around it. */
function unquoted(value: string): string {
  const line = value.replace(/\\([^])/g, (escape, next) => next === "\n" ? "" : escape);
  return line.trim().replace(/"|\\(.)/g, (_, next = "") => ESCAPES.get(next) ?? next);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([["n", "\n"], ["t", "\t"], ["b", "\b"]]);
