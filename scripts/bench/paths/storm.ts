/** Changes at full speed: their cost, and the share that is reported. */

import type { Measurement } from "../table.ts";
import { type Observation, observe, place } from "./observe.ts";
import type { Setting, Subject } from "./subjects.ts";

/** Files in a watched directory, which stay ("make") or are removed ("burst"). */
export function storm(
  mode: "burst" | "make",
  title: string,
  count: number,
  eventsEach: number,
): Measurement<Subject, Setting> {
  return {
    name: `storm, ${mode}`,
    rows: {
      cpu: {
        label: `${count} × ${title} at full speed: CPU ns a kernel event`,
        digits: 0,
        ratio: true,
      },
      share: { label: "… creations reported, %", digits: 1 },
    },
    async run(subject, setting) {
      const { cpu, times } = await run(mode, count, subject, setting);
      return { cpu: cpu / (eventsEach * count), share: share(times) };
    },
  };
}

/** Files in new directories, too fast for a watcher to watch these before. */
export function deep(count: number): Measurement<Subject, Setting> {
  return {
    name: "storm, deep",
    rows: {
      share: {
        label: `${count} × mkdir -p n/a/b/c, create n/a/b/c/f at full speed: f reported, %`,
        digits: 1,
      },
    },
    run: async (subject, setting) => ({
      share: share((await run("deep", count, subject, setting)).times),
    }),
  };
}

async function run(
  mode: string,
  count: number,
  subject: Subject,
  setting: Setting,
): Promise<Observation> {
  using here = place(setting);
  const writer = [setting.writer, mode, here.inside, String(count)];
  return await observe(subject, setting, here, "create", count, writer);
}

/** The share of files that were reported, in %. */
function share(times: readonly number[]): number {
  return 100 * times.filter((time) => time > 0).length / times.length;
}
