/** The watchers from npm, in the versions that scripts/toolchain/peers/ pins. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** An installed package. */
export interface Peer {
  readonly version: string;
  /** Its file to import. */
  readonly entry: string;
}

const root = path.join(import.meta.dirname!, "../../..");

/** Installs the packages if necessary. @returns them by name, or `undefined` after printing why not */
export function peers(): Map<string, Peer> | undefined {
  const toolchain = path.join(root, "scripts/toolchain.sh");
  const { status } = spawnSync("bash", ["-c", 'source "$0" && provide peers', toolchain], {
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error("The watchers from npm are left out: see above");
    return undefined;
  }
  const home = path.join(root, ".runtimes/peers/package.json");
  const { dependencies } = JSON.parse(readFileSync(home, "utf8"));
  const { resolve } = createRequire(home);
  return new Map(
    Object.entries<string>(dependencies).map((
      [name, version],
    ) => [name, { version, entry: resolve(name) }]),
  );
}
