/**
 * Makes random changes in a directory as fast as it can.
 *
 * Arguments: the directory, one outside of it, the seed, the number of changes, and the number of files to
 * create at once in the middle of these.
 */

import { Buffer } from "node:buffer";
import {
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { generator } from "../helpers/random.ts";

const [directory, outside, seed, count, flood] = process.argv.slice(2);
let written = 0;
const random = generator(Number(seed));
const below = (n: number) => Math.floor(random() * n);

/** Names as latin1; some are non-ASCII UTF-8, some not UTF-8. */
const name = () => "abcdef"[below(6)] + ["", "", "", "", "", "\xc3\xa9", "\xff"][below(7)];
const bytes = (text: string) => Buffer.from(text, "latin1");
const inside = () => `${directory}/${Array.from({ length: 1 + below(4) }, name).join("/")}`;
const path = () => bytes(inside());
/** Bytes that no other change writes, all of the same length. */
const text = () => String(written++).padStart(5, "0");
const elsewhere = () => bytes(`${outside}/${name()}`);

const changes: (() => void)[] = [
  () => mkdirSync(path(), { recursive: true }),
  () => mkdirSync(path()),
  () => mkdirSync(path(), { recursive: true }),
  () => writeFileSync(path(), text()),
  () => writeFileSync(path(), text(), { flag: "a" }),
  () => {
    const deep = `${inside()}/${name()}/${name()}`;
    mkdirSync(bytes(deep), { recursive: true });
    writeFileSync(bytes(`${deep}/${name()}`), "");
  },
  () => renameSync(path(), path()),
  () => renameSync(path(), path()),
  () => renameSync(path(), path()),
  () => renameSync(path(), elsewhere()),
  () => renameSync(elsewhere(), path()),
  () => unlinkSync(path()),
  () => rmdirSync(path()),
  () => rmSync(path(), { recursive: true }),
  () => symlinkSync(bytes(name()), path()),
  () => linkSync(path(), path()),
];

for (let i = 0; i < Number(count); i++) {
  if (i === Math.floor(Number(count) / 3)) {
    for (let k = 0; k < Number(flood); k++) {
      const file = `${directory}/flood${k % 7}`;
      writeFileSync(file, "");
      if (random() < 0.9) unlinkSync(file);
    }
  }
  try {
    changes[below(changes.length)]();
  } catch {
    // A random change may be impossible.
  }
}
