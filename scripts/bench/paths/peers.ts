/** The watchers from npm, as scripts/toolchain/peers/ pins them. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** A package that is set up. */
export interface Peer {
  readonly version: string;
  /** The file to import. */
  readonly entry: string;
}

const root = path.join(import.meta.dirname!, "../../..");

/** Sets the packages up, if they are not, and finds them by name; or says why they are left out. */
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
