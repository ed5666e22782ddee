/** `Engine`: what its client may do while it is called, on the real kernel. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IN_MODIFY } from "../../mod.ts";
import { type Client, Engine } from "../../src/engine/engine.ts";
import type { Scope } from "../../src/engine/roots.ts";
import { line } from "../helpers/events.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const SCOPE: Scope = {
  recursive: true,
  followSymlinks: false,
  initial: false,
  blocking: false,
  content: IN_MODIFY,
  renames: true,
  creations: true,
};

/** An engine, and the lines of what it reports. */
class Subject {
  readonly lines: string[] = [];
  readonly engine: Engine;

  /** @param client what the client does; else it only takes what is reported */
  constructor(scope: Partial<Scope> = {}, client: Partial<Client> = {}) {
    this.engine = new Engine({
      report: (events) => void this.lines.push(events.map(line).join(", ")),
      ignores: undefined,
      fail: (error) => this.lines.push(`fail ${error}`),
      progress() {},
      ...client,
    }, { ...SCOPE, ...scope });
  }

  settled(): Promise<void> {
    return within(this.engine.settled(), () => this.lines);
  }
}

/** A directory with `a/b/c/file`. */
function deepDir(): string {
  const directory = tmpDir();
  mkdirSync(join(directory, "a/b/c"), { recursive: true });
  writeFileSync(join(directory, "a/b/c/file"), "");
  return directory;
}

test("Engine.add() returns when progress() closes a blocking engine", async () => {
  const directory = deepDir();
  let calls = 0;
  const { engine } = new Subject({ blocking: true }, {
    progress() {
      calls++;
      void engine.close();
    },
  });
  engine.add(directory);
  assert.equal(calls, 1);
  await engine.close();
});
