/**
 * `Config`: the settings of git that decide which files have ignore rules (git-config(1)).
 *
 * It parses the files itself: git may be missing, and needs a permission to be run. It follows `include.path`,
 * and `includeIf` with the condition `gitdir`; other conditions do not hold.
 *
 * @module
 */

import { Glob } from "../../watch/glob.ts";
import { toText } from "../../kernel/byte_string.ts";
import { byteText, fromByteText, parentOf, resolve } from "./paths.ts";
import type { RuleFiles } from "./rule_files.ts";

/** How deep files may include each other, as in git. */
const DEEPEST = 10;

/** The configuration of a repository, reduced to what ignore rules depend on. */
export class Config {
  /** `core.excludesFile`: absolute, or relative to the repository; "" for no file. */
  excludesFile: string | undefined;
  /** `extensions.worktreeConfig`: whether a worktree has a configuration of its own. */
  hasWorktreeConfig = false;
  readonly #files: RuleFiles;
  readonly #gitDirectory: string;
  readonly #home: string | undefined;
  readonly #warn: (text: string) => void;

  /**
   * @param gitDirectory what `gitdir` is compared with
   * @param home the user's home directory, if it is known
   * @param warn reports invalid configuration
   */
  constructor(
    files: RuleFiles,
    gitDirectory: string,
    home: string | undefined,
    warn: (text: string) => void,
  ) {
    this.#files = files;
    this.#gitDirectory = gitDirectory;
    this.#home = home;
    this.#warn = warn;
  }

  /** Adds the settings of a file, if it exists. They override those so far. */
  add(file: string, depth: number = 0): void {
    const { settings, rest } = parse(this.#files.read(file) ?? "");
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
        if (included && depth < DEEPEST) {
          this.add(resolve(this.#files.libc, parentOf(file), included), depth + 1);
        }
      }
    }
    if (rest !== "") {
      const line = JSON.stringify(rest.slice(0, 40).replace(/\n.*/s, ""));
      this.#warn(`${toText(file)} is no configuration of git from ${line} on`);
    }
  }

  /** The path in a setting, as lossless text; `undefined` if it is in an unknown home directory. */
  #path(value: string): string | undefined {
    if (!value.startsWith("~")) return fromByteText(value);
    return value.startsWith("~/") && this.#home
      ? this.#home + fromByteText(value.slice(1))
      : undefined;
  }

  /** Whether a condition of `includeIf` holds. @param file that has the condition */
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
      return false; // an invalid glob matches nothing
    }
  }
}

/** A setting; its section and key are in lower case. */
interface Setting {
  readonly name: string;
  readonly value: string;
}

/** A comment, a section, or a key with or without a value; and the blanks before it. */
const ITEM =
  /\s*(?:[#;].*|\[([\w.-]+)(?:\s+"((?:\\.|[^"\\\n])*)")?\]|([a-z][a-z\d-]*)[ \t]*(?:=((?:"(?:\\[^]|[^"\\\n])*"|\\[^]|[^"\\\n#;])*)|(?=[\n#;]|$)))/iy;

/** @returns the settings of a file up to the first invalid one, and the rest of the text */
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

/** A value without quotes and escapes, and without the blanks around it. */
function unquoted(value: string): string {
  const line = value.replace(/\\([^])/g, (escape, next) => next === "\n" ? "" : escape);
  return line.trim().replace(/"|\\(.)/g, (_, next = "") => ESCAPES.get(next) ?? next);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([["n", "\n"], ["t", "\t"], ["b", "\b"]]);
