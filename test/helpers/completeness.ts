/** Which files have had a `closeWrite` since they appeared, by the events alone. */

import type { WatchEvent } from "../../mod.ts";

/** The files, links and others that have not. */
export class Completeness {
  readonly incomplete: Set<string> = new Set();

  apply(event: WatchEvent): void {
    if (event.kind === "create" && !event.isDirectory) this.incomplete.add(event.path);
    else if (event.kind === "closeWrite") this.incomplete.delete(event.path);
    else if (event.kind === "remove") this.#take(event.path);
    else if (event.kind === "rename") {
      this.#take(event.path);
      for (const path of this.#take(event.from)) {
        this.incomplete.add(event.path + path.slice(event.from.length));
      }
      if (!event.isDirectory) this.incomplete.add(event.path);
    }
  }

  /** Takes a path, and all below it. */
  #take(top: string): string[] {
    const taken = [...this.incomplete].filter((path) => path === top || path.startsWith(`${top}/`));
    for (const path of taken) this.incomplete.delete(path);
    return taken;
  }
}
