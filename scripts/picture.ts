/**
 * Draws .github/watch.svg: the real output of the `watch` command while files change, in the colours that
 * it has on a terminal, which script(1) of util-linux provides.
 */

import { execSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** The changes, as sh(1) commands. */
const CHANGES: readonly string[] = [
  "mkdir -p src/new/deep && touch src/new/deep/a.ts",
  "echo 'let x' > src/.a.swp && mv src/.a.swp src/new/deep/a.ts",
  "mv src/new src/lib",
  "rm -r src/lib",
];

const root = path.join(import.meta.dirname!, "..");
const directory = mkdtempSync(path.join(os.tmpdir(), "inotify-picture-"));
mkdirSync(path.join(directory, "src"));
const command = `deno run -A --quiet '${root}/src/cli/watch.ts' src`;
const terminal = spawn("script", ["-qec", command, "/dev/null"], {
  cwd: directory,
  stdio: ["ignore", "pipe", "inherit"],
});
let text = "";
terminal.stdout.on("data", (chunk) => text += chunk);

await until(() => text.includes("Ctrl-C ends it."));
text = `$ watch src\r\n${text}`;
for (const change of CHANGES) {
  const before = text.length;
  execSync(change, { cwd: directory });
  await until(() => text.length > before);
  await quiet();
  text = `${text.slice(0, before)}\x1b[90m# ${change}\x1b[0m\r\n${text.slice(before)}`;
}
terminal.kill();
rmSync(directory, { recursive: true });
writeFileSync(path.join(root, ".github/watch.svg"), draw(text.trimEnd().split("\r\n")));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function quiet(): Promise<void> {
  for (let before = -1; before !== text.length;) {
    before = text.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function draw(lines: readonly string[]): string {
  const [width, line, margin] = [720, 20, 20];
  const rows = lines.map((text, i) =>
    `  <text x="${margin}" y="${margin + 14 + i * line}">${spans(text)}</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${
    2 * margin + lines.length * line
  }" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="14" fill="#d4d4d4" xml:space="preserve">
  <title>The watch command in a terminal, while files change</title>
  <rect width="100%" height="100%" rx="8" fill="#1e1e1e"/>
${rows.join("\n")}
</svg>
`;
}

/** A line as SVG, with its colours (SGR of ECMA-48). */
function spans(line: string): string {
  const colours: Record<string, string> = {
    31: "#f14c4c",
    32: "#23d18b",
    33: "#e5e510",
    36: "#29b8db",
    90: "#8a8a8a",
  };
  const [plain, ...coloured] = line.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll("\x1b[0m", "</tspan>").split("\x1b[");
  return plain + coloured.map((text) => {
    const [, code, rest] = /^(\d+)m(.*)$/.exec(text)!;
    return `<tspan fill="${colours[code]}">${rest}`;
  }).join("");
}
