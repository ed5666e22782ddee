/**
 * Creates directories in the directory in argv and prints their number. For each number on stdin it makes
 * so many random renames, with writes in between, as fast as it can, and prints the number. The second
 * argument is the seed, the third the probability of a new directory after a rename.
 *
 * Directory names are used again, but no two directories have a file of the same name, so a file's path is
 * right for one directory only.
 */

import { appendFileSync, mkdirSync, renameSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { generator } from "../helpers/random.ts";

const [top, seed, growth] = process.argv.slice(2);
const random = generator(Number(seed));
const below = (n: number) => Math.floor(random() * n);

class Directory {
  readonly #id = made++;
  readonly #names = new Map<string, Directory>();
  #parent: Directory | undefined;
  #name = "";

  constructor(parent?: Directory) {
    if (parent === undefined) return;
    this.#enter(parent);
    mkdirSync(this.path);
    this.write();
  }

  get path(): string {
    return this.#parent === undefined ? top : `${this.#parent.path}/${this.#name}`;
  }

  /** Moves this directory into another one, unless that is inside this one. */
  move(to: Directory): boolean {
    for (let one: Directory | undefined = to; one !== undefined; one = one.#parent) {
      if (one === this) return false;
    }
    const { path } = this;
    this.#enter(to);
    renameSync(path, this.path);
    return true;
  }

  write(): void {
    appendFileSync(`${this.path}/file-${this.#id}`, "x");
  }

  #enter(parent: Directory): void {
    let name: string;
    do name = "abcdefghijkl"[below(12)] + below(40); while (parent.#names.has(name));
    if (this.#parent !== undefined) this.#parent.#names.delete(this.#name);
    parent.#names.set(name, this);
    this.#parent = parent;
    this.#name = name;
  }
}

let made = 0;
const root = new Directory();
const directories = Array.from({ length: 40 }, () => new Directory(root));
console.log(directories.length);
const any = () => directories[below(directories.length)];

for await (const line of createInterface(process.stdin)) {
  for (let count = Number(line); count > 0; count--) {
    while (!any().move(random() < 0.2 ? root : any()));
    if (random() < 0.5) any().write();
    if (random() < Number(growth)) directories.push(new Directory(any()));
  }
  console.log(line);
}
