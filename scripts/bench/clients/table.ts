/** The table of programs that watch, on Node.js: each with its own watcher, and with the drop-in. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { Client, PACKAGES, skip } from "../../../test/helpers/client.ts";
import { runtimes } from "../runtimes.ts";
import type { Scratch } from "../scratch.ts";
import type { Measurement, Table } from "../table.ts";

/** One column of the table. */
interface Subject {
  readonly name: string;
  readonly program: Program;
  /** The path of the drop-in's module. */
  readonly dropIn?: string;
}

/** A program that watches. */
interface Program {
  readonly name: string;
  /** Its own watcher. */
  readonly watcher: string;
  /** The name of the drop-in. */
  readonly dropIn: string;
  /** The files that it needs, beside the tree. @param module the path of the drop-in's module */
  files(module?: string): Record<string, string>;
  /** Its package, and the one that is replaced. */
  readonly replaced?: readonly [program: string, name: string];
  /** What Node.js is given. */
  command(module?: string): readonly string[];
  /** What it prints when it watches, and where. */
  readonly ready: readonly [text: string, to?: "stderr"];
}

const IGNORED = '["**/.git/**", "**/node_modules/**"]';

const PROGRAMS: readonly Program[] = [
  {
    name: "Vite",
    watcher: "chokidar 3",
    dropIn: "chokidar",
    files: (module) => ({
      "package.json": '{ "type": "module" }',
      "index.html": "",
      "vite.config.js": `
import { watch } from "chokidar";
const own = {
  configureServer({ watcher }) { // which does not say when it is ready
    const timer = setInterval(() => {
      if (Object.values(watcher.getWatched()).flat().length <= ${DIRECTORIES * FILES}) return;
      clearInterval(timer);
      console.log("all is watched");
    }, 50);
  },
};
const ours = {
  config: (config) => void ((config.server ??= {}).watch = null),
  configureServer(server) {
    const watcher = watch(server.config.root, { ignored: ${IGNORED}, ignoreInitial: true });
    watcher.on("all", (event, path) => server.watcher.emit(event, path));
    watcher.on("ready", () => console.log("all is watched"));
  },
};
export default { plugins: [{ name: "watcher", ...${module === undefined ? "own" : "ours"} }] };
`,
    }),
    replaced: ["", "chokidar"],
    command: () => [path.join(PACKAGES, "vite/bin/vite.js"), "--port", "0"],
    ready: ["all is watched"],
  },
  {
    name: "nodemon",
    watcher: "chokidar 3",
    dropIn: "chokidar",
    files: () => ({ "app.cjs": "setInterval(() => {}, 1000);" }),
    replaced: ["nodemon", "chokidar"],
    command: () => ["node_modules/nodemon/bin/nodemon.js", "--verbose", "--ext", "txt", "app.cjs"],
    ready: [" files"],
  },
  {
    name: "tailwindcss",
    watcher: "@parcel/watcher 2",
    dropIn: "parcel",
    files: () => ({ "in.css": '@import "tailwindcss";' }),
    replaced: ["@tailwindcss/cli", "@parcel/watcher"],
    command: () => {
      const program = "node_modules/@tailwindcss/cli/dist/index.mjs";
      return [program, "-i", "in.css", "-o", "out.css", "--watch=always"];
    },
    ready: ["Done in", "stderr"],
  },
  {
    name: "tsc",
    watcher: "fs.watch",
    dropIn: "fs_register",
    files: () => ({
      "tsconfig.json": JSON.stringify({ compilerOptions: { noEmit: true, types: [] } }),
      "index.ts": "export {};",
    }),
    command: (module) => [
      ...module === undefined ? [] : ["--import", module],
      path.join(PACKAGES, "typescript/lib/tsc.js"),
      "--watch",
    ],
    ready: ["Watching for file changes."],
  },
  {
    name: "webpack",
    watcher: "fs.watch",
    dropIn: "fs_register",
    files: () => ({
      "src/index.js": Array.from({ length: DIRECTORIES }, (_, i) => `require("./d${i}/0.txt");`)
        .join("\n"),
      "build.cjs": `
const webpack = require(${JSON.stringify(path.join(PACKAGES, "webpack"))});
const options = { mode: "development", devtool: false, cache: false, context: __dirname, entry: "./src/index.js" };
webpack({ ...options, output: { path: __dirname + "/out" } }).watch({}, () => setTimeout(() => console.log("built"), 500));
`,
    }),
    command: (module) => [...module === undefined ? [] : ["--import", module], "build.cjs"],
    ready: ["built"],
  },
];

/** How large the tree is. */
const DIRECTORIES = 2000;
const FILES = 10;

/** Programs on Node.js; fewer runs if `quick`. */
export function clients(scratch: Scratch): Table<Subject, Scratch> {
  if (skip) {
    console.error(
      "The programs are left out: provide clients of scripts/toolchain.sh installs them",
    );
  }
  const node = runtimes(scratch).find(({ name }) => name === "Node");
  const isLeftOut = skip !== false || node === undefined;
  const module = (name: string) => node!.program(`../../src/compat/${name}`).at(-1)!;
  return {
    subjects: isLeftOut ? [] : PROGRAMS.flatMap((program) => [
      { name: `${program.name}, ${program.watcher}`, program },
      { name: `${program.name}, ours`, program, dropIn: module(program.dropIn) },
    ]),
    setting: scratch,
    measurements: [ready],
  };
}

const ready: Measurement<Subject, Scratch> = {
  name: "clients",
  rows: {
    time: {
      label: `${DIRECTORIES} directories, ${DIRECTORIES * FILES} files: s until it watches`,
      digits: 2,
    },
    cpu: { label: "… CPU s until then", digits: 2 },
    memory: { label: "… RSS, MB", digits: 0 },
  },
  async run({ program, dropIn }) {
    await using client = new Client(program.files(dropIn));
    for (let i = 0; i < DIRECTORIES; i++) {
      for (let j = 0; j < FILES; j++) client.write(`src/d${i}/${j}.txt`, "");
    }
    if (program.replaced !== undefined) {
      const [name, replaced] = program.replaced;
      client.install(name, dropIn === undefined ? {} : { [replaced]: dropIn });
    }
    const begun = performance.now();
    client.run(["node", "--disable-warning=ExperimentalWarning", ...program.command(dropIn)]);
    await client.prints(...program.ready);
    return { time: (performance.now() - begun) / 1e3, ...usage(client.pid) };
  },
};

/** The CPU time of a process, in seconds, and its memory, in MB (proc_pid_stat(5)). */
function usage(pid: number): { cpu: number; memory: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  const USER_HZ = 100;
  const PAGE = 4096;
  return { cpu: (fields[11] + fields[12]) / USER_HZ, memory: fields[21] * PAGE / 1e6 };
}
