/** Programs from npm that watch by chokidar or @parcel/watcher, and get the drop-ins of this package. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Client, PACKAGES, root, skip } from "../helpers/client.ts";
import { runtimeName } from "../helpers/runtime.ts";

const RUN: readonly string[] = [
  process.execPath,
  ...{
    deno: [
      "run",
      "--allow-all",
      "--no-check",
      "--unstable-detect-cjs",
      "--node-modules-dir=manual",
    ],
    bun: [],
    node: ["--disable-warning=ExperimentalWarning"],
  }[runtimeName],
];

const TRACE = { INOTIFY_DEBUG: "1" };

/** Asserts that the events of a program are those of this package. */
function assertReplaced({ errors }: Client): void {
  assert.match(errors, /^inotify .* report /m);
}

test("nodemon starts a program again", { skip }, async () => {
  const program = (text: string) =>
    `console.log(${JSON.stringify(text)}); setInterval(() => {}, 1000);`;
  await using client = new Client({ "src/app.cjs": program("first"), "node_modules/.keep": "" });
  client.install("nodemon", { chokidar: "src/compat/chokidar.ts" });
  const nodemon = client.at("node_modules/nodemon/bin/nodemon.js");
  client.run(
    [...RUN, nodemon, "--delay", "20ms", "--exec", `${process.execPath} src/app.cjs`],
    TRACE,
  );
  await client.prints("first");
  await client.watches("src");
  client.write("src/app.cjs", program("second"));
  await client.prints("second");
  client.save("src/app.cjs", program("third"));
  await client.prints("third");
  client.write("src/deep/er/new.js", "");
  await client.prints("third");
  client.rename("src/deep", "src/other");
  await client.prints("third");
  assertReplaced(client);
});

test("tailwindcss --watch writes the classes that are used", { skip }, async () => {
  await using client = new Client({
    "package.json": "{}",
    "src/in.css": '@import "tailwindcss";\n',
    "src/page.html": '<p class="p-[11px]"></p>\n',
  });
  client.install("@tailwindcss/cli", { "@parcel/watcher": "src/compat/parcel.ts" });
  const tailwindcss = client.at("node_modules/@tailwindcss/cli/dist/index.mjs");
  client.run([...RUN, tailwindcss, "-i", "src/in.css", "-o", "out.css", "--watch=always"], TRACE);
  await client.writes("out.css", "11px");
  await client.watches("src");
  client.write("src/page.html", '<p class="p-[12px]"></p>\n');
  await client.writes("out.css", "12px");
  client.save("src/page.html", '<p class="p-[13px]"></p>\n');
  await client.writes("out.css", "13px");
  client.write("src/new/page.html", '<p class="p-[14px]"></p>\n');
  await client.writes("out.css", "14px");
  assertReplaced(client);
});

const BROWSER = ["chromium", "google-chrome"].find((name) =>
  spawnSync(name, ["--version"]).status === 0
);

/** The plugin of docs/drop-ins.md, and one that prints what the page has requested. */
const CONFIG = `
import { watch } from ${JSON.stringify(join(root, "src/compat/chokidar.ts"))};

const inotify = {
  name: "inotify",
  config: (config) => void ((config.server ??= {}).watch = null),
  configureServer(server) {
    const { root, cacheDir } = server.config;
    const ignored = ["**/.git/**", "**/node_modules/**", { path: cacheDir, recursive: true }];
    const watcher = watch(root, { ignored, ignoreInitial: true });
    watcher.on("all", (event, path) => server.watcher.emit(event, path));
    server.watcher.add = (paths) => (watcher.add(paths), server.watcher);
    server.watcher.close = () => watcher.close();
  },
};

const shown = {
  name: "shown",
  configureServer(server) {
    console.log("its own: " + server.watcher.constructor.name);
    server.ws.on("up", () => console.log("connected"));
    server.middlewares.use("/shown", ({ url }, response) => {
      console.log("shown" + url + ";");
      response.end();
    });
  },
};

export default { plugins: [inotify, shown], appType: "mpa", clearScreen: false };
`;

test("Vite shows in the browser what has changed", {
  skip: skip || BROWSER === undefined && "no Chromium is installed",
}, async () => {
  const show = (text: string) => `export const text = ${JSON.stringify(text)};\n`;
  await using client = new Client({
    "package.json": '{ "type": "module" }',
    "vite.config.js": CONFIG,
    "index.html": '<!doctype html><script type="module" src="/src/main.js"></script>\n',
    "src/main.js": `
import { text } from "./parts/text.js";
const show = (text) => fetch("/shown/" + text);
show(text).then(() => import.meta.hot.send("up")); // it is queued until the page is connected
import.meta.hot.accept("./parts/text.js", ({ text }) => show("hot-" + text));
`,
    "src/parts/text.js": show("one"),
  });
  client.install("", {});
  const port = await freePort();
  const vite = join(PACKAGES, "vite/bin/vite.js");
  client.run([...RUN, vite, "--host", "127.0.0.1", "--strictPort", "--port", `${port}`], TRACE);
  await client.prints("its own: NoopWatcher");
  await using browser = new Client({});
  browser.run([
    BROWSER!,
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    `--user-data-dir=${browser.directory}`,
    ...["--remote-debugging-port=0", `http://127.0.0.1:${port}/`],
  ]);
  await client.prints("shown/one;");
  await client.prints("connected");
  await client.watches("src/parts");
  client.write("src/parts/text.js", show("two"));
  await client.prints("shown/hot-two;");
  client.save("src/parts/text.js", show("three"));
  await client.prints("shown/hot-three;");

  client.rename("src/parts", "src/other"); // the page reloads when it is back
  client.rename("src/other", "src/parts");
  client.write("src/parts/text.js", show("four"));
  await client.prints("four;");

  git(client, "init", "--quiet", "--initial-branch=main");
  git(client, "add", "src");
  git(client, "commit", "--quiet", "--message=four");
  git(client, "checkout", "--quiet", "-b", "next");
  client.write("src/parts/text.js", show("five"));
  await client.prints("five;");
  git(client, "commit", "--quiet", "--all", "--message=five");
  git(client, "checkout", "--quiet", "main");
  await client.prints("four;");
  assertReplaced(client);
});

function git(client: Client, ...args: readonly string[]): void {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  const { status, stderr } = spawnSync("git", [...identity, ...args], { cwd: client.directory });
  assert.equal(status, 0, `${stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
