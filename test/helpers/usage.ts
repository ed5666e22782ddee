/** The inotify instances and watches of this process. */

import process from "node:process";
import { usage } from "../../mod.ts";

/** Numbers of instances and watches. */
export interface Use {
  readonly instances: number;
  readonly watches: number;
}

/** @returns the instances and watches of this process */
export function ownUse(): Use {
  const { instances = 0, watches = 0 } = usage().processes.find(({ pid }) => pid === process.pid) ??
    {};
  return { instances, watches };
}
