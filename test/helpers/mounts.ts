/** What is mounted below a directory. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Where something is mounted below a directory, in the order of the kernel. */
export function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8").split("\n")
    .map((line) => line.split(" ")[4])
    .filter((path) => path?.startsWith(`${directory}/`));
}

/** @param how "lazily", or else not */
export function unmount(path: string, how: string): void {
  execFileSync("umount", [...how === "lazily" ? ["-l"] : [], path], { stdio: "ignore" });
}

/** Unmounts all, though others may do so as well; what is unmounted lazily takes along what is mounted below. */
export function unmountBelow(directory: string): void {
  for (;;) {
    const [top] = mountsBelow(directory).sort((a, b) => a.length - b.length);
    if (top === undefined) return;
    try {
      unmount(top, "lazily");
    } catch (error) {
      if (mountsBelow(directory).includes(top)) throw error;
    }
  }
}
