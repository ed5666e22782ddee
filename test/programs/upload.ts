/**
 * Makes files in a directory in argv, in many ways, quickly and slowly, beside other such programs; a second directory
 * in argv is where files are before they are linked or moved in. Prints what became of each as JSON.
 */

import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { generator } from "../helpers/random.ts";

/** A file that was made. */
export interface Uploaded {
  readonly path: string;
  readonly size: number;
  readonly way: string;
}

const [directory, outside, name, count, ...ways] = process.argv.slice(2);
const random = generator(Number(name));
const pause = new Int32Array(new SharedArrayBuffer(4));
const uploaded: Uploaded[] = [];

function rest(most: number): void {
  const milliseconds = random() * most;
  if (milliseconds > 0.3) Atomics.wait(pause, 0, 0, milliseconds);
}

/** Writes in pieces, with pauses. @returns the size */
function writeSlowly(fd: number): number {
  let size = 0;
  for (let pieces = 1 + Math.floor(random() * 4); pieces > 0; pieces--) {
    size += writeSync(fd, "x".repeat(1 + Math.floor(random() * 100)));
    rest(4);
  }
  return size;
}

const WAYS: Record<string, (path: string, elsewhere: string) => number> = {
  quick(path) {
    writeFileSync(path, "quick");
    return 5;
  },
  slow(path) {
    const fd = openSync(path, "a");
    rest(2);
    const size = writeSlowly(fd);
    closeSync(fd);
    return size;
  },
  twice(path) {
    writeFileSync(path, "quick");
    rest(2);
    appendFileSync(path, "more");
    return 9;
  },
  temporary(path) {
    const fd = openSync(`${path}.part`, "a");
    const size = writeSlowly(fd);
    const isEarly = random() < 0.3;
    if (isEarly) renameSync(`${path}.part`, path);
    rest(1);
    closeSync(fd);
    if (!isEarly) renameSync(`${path}.part`, path);
    return size;
  },
  linked(path, elsewhere) {
    writeFileSync(elsewhere, "linked");
    linkSync(elsewhere, path);
    rmSync(elsewhere);
    return 6;
  },
  "linked early"(path, elsewhere) {
    const fd = openSync(elsewhere, "a");
    linkSync(elsewhere, path);
    if (random() < 0.5) rmSync(elsewhere);
    const size = writeSlowly(fd);
    closeSync(fd);
    return size;
  },
  "moved in"(path, elsewhere) {
    writeFileSync(elsewhere, "moved");
    renameSync(elsewhere, path);
    return 5;
  },
};

for (let i = 0; i < Number(count); i++) {
  const folder = join(directory, name, String(i % 7), String(i));
  const elsewhere = join(outside, name, String(i));
  // Some folders move in as a whole.
  const where = random() < 0.2 ? `${elsewhere} whole` : folder;
  for (const one of [where, elsewhere]) mkdirSync(one, { recursive: true });
  for (let j = Math.floor(random() * 3); j >= 0; j--) {
    const way = ways[Math.floor(random() * ways.length)];
    const size = WAYS[way](join(where, String(j)), join(elsewhere, String(j)));
    uploaded.push({ path: join(folder, String(j)), size, way: `${way} in ${where}` });
  }
  if (where !== folder) {
    mkdirSync(dirname(folder), { recursive: true });
    renameSync(where, folder);
  }
  rest(3);
}
console.log(JSON.stringify(uploaded));
