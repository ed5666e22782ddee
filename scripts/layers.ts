/**
 * Checks the published modules: imports point down, without cycles, and to no package; only ffi/ names a
 * runtime; only the kernel level's public functions choose a libc; timers come from ffi/time.ts, and clocks
 * from src/kernel/clock.ts.
 */

import { dirname, join } from "@std/path";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** From top to bottom. A module may import from its own folder and from those below. */
const LAYERS = [
  "src/cli/",
  "src/compat/",
  "mod.ts",
  "src/watch/",
  "src/engine/",
  "src/kernel/",
  "ffi/",
];

/** The modules of src/kernel that choose a libc. All others get it as an argument. */
const CHOOSES_LIBC = /^src\/kernel\/(inotify|limits)\.ts$/;

/** What may use timers that a test may have replaced: their wrapper, and the commands. */
const FREE_OF_FAKES = /^(ffi\/(time|program)\.ts|src\/cli\/.*)$/;

/** Finds a module's imports, and the runtimes and timers that it names; skips comments and strings. */
const TOKENS = new RegExp(
  [
    /\/\*[^]*?\*\/|\/\/.*/, // a comment
    /\b(?:from|import)\s*\(?\s*["'](?<specifier>[^"'\n]+)["']/,
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/, // a string
    /\b(?<runtime>Deno|Bun)(?=\??[.[])/,
    /\b(?<fakeable>(?:set|clear)(?:Timeout|Interval|Immediate)|queueMicrotask|nextTick|performance|Date)\b/,
  ].map((token) => token.source).join("|"),
  "g",
);

const problems: string[] = [];
const imports = new Map<string, string[]>();

const modules = ["src", "ffi"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`)
).filter((name) => name.endsWith(".ts"));
modules.push("mod.ts");
modules.forEach(check);
modules.forEach((module) => findCycle([module]));

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${modules.length} modules in ${LAYERS.length} layers`);

function check(module: string): void {
  const layer = layerOf(module);
  if (layer === -1) problems.push(`${module} is in no folder of scripts/layers.ts`);
  const internal: string[] = [];
  for (const { groups } of readFileSync(module, "utf8").matchAll(TOKENS)) {
    const { specifier, runtime, fakeable } = groups!;
    const timer = fakeable ?? specifier?.match(/^node:timers/)?.[0];
    if (timer !== undefined && !FREE_OF_FAKES.test(module)) {
      problems.push(
        `${module} uses ${timer}, which tests fake: see ffi/time.ts and src/kernel/clock.ts`,
      );
    }
    if (runtime !== undefined && !module.startsWith("ffi/")) {
      problems.push(`${module} names ${runtime}: only ffi/ may know a runtime`);
    }
    if (specifier?.startsWith(".")) {
      const imported = join(dirname(module), specifier);
      if (imported === "deno.json") continue; // for the version
      internal.push(imported);
      if (
        imported === "ffi/libc.ts" && module.startsWith("src/kernel/") && !CHOOSES_LIBC.test(module)
      ) {
        problems.push(`${module} imports ${imported}: it must get a libc as an argument`);
      }
      if (!modules.includes(imported)) {
        problems.push(`${module} imports ${imported}, which is not published`);
      } else if (layerOf(imported) < layer) {
        problems.push(`${module} imports ${imported}, which is above it`);
      }
    } else if (specifier !== undefined && !isBuiltIn(module, specifier)) {
      problems.push(
        `${module} imports "${specifier}": the module depends on no package or runtime`,
      );
    }
  }
  imports.set(module, internal);
}

function layerOf(module: string): number {
  return LAYERS.findIndex((layer) => module.startsWith(layer));
}

function isBuiltIn(module: string, specifier: string): boolean {
  if (specifier === "node:ffi") return false; // Deno refuses the module's very name
  return specifier.startsWith("node:") || module.startsWith("ffi/") && specifier.startsWith("bun:");
}

/** Follows imports from a path's last module, to find those that lead back to its first one. */
function findCycle(path: readonly [string, ...string[]], seen: Set<string> = new Set()): void {
  for (const imported of imports.get(path.at(-1)!) ?? []) {
    if (imported === path[0]) {
      problems.push(`Modules import each other: ${[...path, imported].join(" -> ")}`);
    } else if (imported > path[0] && !seen.has(imported)) {
      // Only what sorts after the first module, so that a cycle is found from one of its modules.
      findCycle([...path, imported], seen.add(imported));
    }
  }
}
