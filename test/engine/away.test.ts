/** Directories that were moved away and back while events were lost: what is in them is reported. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { limits, watch } from "../../mod.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

for (const top of ["a directory below a root", "a root"]) {
  test(`${top} that was away during an overflow: its files are reported, those elsewhere are not`, async () => {
    const base = tmpDir(fastest);
    const at = (name: string) => join(base, name);
    for (const name of ["t/away/in", "t/still", "other"]) mkdirSync(at(name), { recursive: true });
    for (const name of ["t/away/f", "t/away/in/g", "t/still/f", "t/spare"]) {
      writeFileSync(at(name), name);
    }
    await new Promise((resolve) => setTimeout(resolve, 20)); // older than a tick of the clock
    await using watcher = watch(
      top === "a root" ? [at("t/away"), at("t/still"), at("t/spare")] : at("t"),
    );
    await within(watcher.ready);
    const lines: string[] = [];
    const loop = (async () => {
      for await (const event of watcher) {
        if ("path" in event) lines.push(`${event.kind} ${event.path.slice(base.length + 1)}`);
        else lines.push(event.kind);
      }
    })();
    for (let i = 0; i <= limits().maxQueuedEvents / 4; i++) {
      renameSync(at("t/spare"), at("t/spare~"));
      renameSync(at("t/spare~"), at("t/spare"));
    }
    renameSync(at("t/away"), at("other/away"));
    renameSync(at("other/away"), at("t/away"));
    await within(watcher.sync());
    await within(watcher.sync());
    await watcher.close();
    await loop;
    const later = lines.slice(lines.indexOf("overflow")).filter((line) => !line.includes("spare"));
    assert.deepEqual(later.toSorted(), ["modify t/away/f", "modify t/away/in/g", "overflow"]);
  });
}
