/** However a program saves a file, a batch reports one `modify`. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch, type WatchEvent } from "../../mod.ts";
import { coalesce } from "../../src/watch/coalesce.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { missing, sh } from "../helpers/shell.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

const VIM =
  "vim -u NONE -i NONE -es -c 'set backupdir=. backupskip= directory=.' -c 'normal Ohello'";
const emacs = (settings = "") =>
  `emacs -Q --batch --eval '(setq backup-enable-predicate (lambda (_) t) ${settings})' ` +
  "f --eval '(insert \"hello\")' -f save-buffer";
/** renameat2(AT_FDCWD, "t", AT_FDCWD, "f", RENAME_EXCHANGE), which no runtime provides. */
const EXCHANGE =
  `python3 -c "import ctypes; exit(ctypes.CDLL(None).renameat2(-100, b't', -100, b'f', 2))"`;

const REPOSITORY = "git init -q; git add f; git commit -qm one; git branch other; echo two > f; " +
  "git commit -qam two; git checkout -q other; echo three > g; git add g; git commit -qm three; " +
  "git checkout -q -; echo four > f; git stash -q";

/** A script that saves `f`; `besides` is the event of another file that it leaves. */
type Save = string | [script: string, besides: string];

/** Titles begin with the name of the program. */
const PROGRAMS: Record<string, Save> = {
  "vim": `${VIM} -c wq f`,
  "vim that writes in place": `${VIM} -c 'set backupcopy=yes' -c wq f`,
  "vim that renames": `${VIM} -c 'set backupcopy=no' -c wq f`,
  "vim that chooses": `${VIM} -c 'set backupcopy=auto' -c wq f`,
  "vim that breaks hard links": [
    `ln f g; ${VIM} -c 'set backupcopy=auto,breakhardlink' -c wq f`,
    "create g",
  ],
  "vim without a backup": `${VIM} -c 'set backupcopy=auto nowritebackup' -c wq f`,
  "vim that keeps a copy": [`${VIM} -c 'set backup backupcopy=yes' -c wq f`, "create f~"],
  "vim that keeps the old file": [`${VIM} -c 'set backup backupcopy=no' -c wq f`, "create f~"],
  "vim that keeps the old file twice": [
    `for i in 1 2; do ${VIM} -c 'set backup backupcopy=auto' -c wq f; done`,
    "create f~",
  ],
  "vim that keeps the first file": [
    `for i in 1 2; do ${VIM} -c 'set patchmode=.orig backupcopy=no' -c wq f; done`,
    "create f.orig",
  ],
  "emacs": [emacs(), "create f~"],
  "emacs twice": [`for i in 1 2; do ${emacs()}; done`, "create f~"],
  "emacs that copies": [emacs("backup-by-copying t"), "create f~"],
  "emacs that is careful": [emacs("file-precious-flag t"), "create f~"],
  "emacs that keeps each file": [emacs("version-control t"), "create f.~1~"],
  "emacs without a backup": emacs("make-backup-files nil"),
  "ed": "printf '1i\\nhello\\n.\\nwq\\n' | ed -s f",
  "sed -i": "sed -i 1ihello f",
  "sed -i.bak": ["sed -i.bak 1ihello f", "create f.bak"],
  "perl -i": "perl -pi -e s/o/a/ f",
  "perl -i.bak": ["perl -pi.bak -e s/o/a/ f", "create f.bak"],
  "git checkout": "git checkout -q other; git checkout -q -",
  "git stash": "git stash pop -q; git stash -q; git stash pop -q",
  "git rebase": ["git rebase -q other", "create g"],
  "install": "install -m 644 /etc/passwd f",
  "install -b": ["install -b -m 644 /etc/passwd f", "create f~"],
  "cp": "cp --remove-destination /etc/passwd f",
  "sort -o": "sort -o f f /etc/passwd",
  "python3 that exchanges files": `echo two > t; ${EXCHANGE}; rm t`,
};

/** The steps of programs with a graphical interface, and other possible ones. */
const STEPS: Record<string, Save> = {
  "JetBrains, renaming":
    "echo two > f___jb_tmp___; mv f f___jb_old___; mv f___jb_tmp___ f; rm f___jb_old___",
  "JetBrains, copying": "cp f f~; echo two > f; rm f~",
  "Visual Studio Code": ": > f; echo two > f",
  "Visual Studio Code, replacing": "echo two > f.vsctmp; mv f.vsctmp f",
  "GTK": "echo two > .goutputstream-A1B2C3; mv .goutputstream-A1B2C3 f",
  "GTK that keeps a backup": [
    "echo two > .goutputstream-A1B2C3; ln f f~; mv .goutputstream-A1B2C3 f",
    "create f~",
  ],
  "links": "echo two > new; ln f old; rm f; ln new f; rm old new",
  "a backup in a directory": "mkdir d; mv f d/f; echo two > f; rm -r d",
  "a directory that is renamed over it": "mkdir d; echo two > d/f; mv f d/old; mv d/f f; rm -r d",
  "a directory in its place for a while":
    "mv f old; mkdir f; echo two > f/new; mv f/new new; rmdir f; mv new f; rm old",
  "a file from outside": "mv ../outside f",
  "a backup to outside": "mv f ../backup; echo two > f",
};

for (const [title, save] of Object.entries(PROGRAMS)) {
  const [program] = title.split(" ");
  test(`${title}: a batch reports a save as one modify`, { skip: missing(program) }, () => {
    return check(save, (script, directory) => sh(script, directory));
  });
}

for (const [title, save] of Object.entries(STEPS)) {
  test(`${title}: a batch reports a save as one modify`, () => {
    return check(save, (script, directory) => sh(script, directory));
  });
}

test(
  "nano: a batch reports a save as one modify",
  { skip: missing("nano") || missing("script") },
  () => {
    return check("nano -I f", nano);
  },
);

test("nano -B: a batch reports a save as one modify", {
  skip: missing("nano") || missing("script"),
}, () => {
  return check(["nano -I -B f", "create f~"], nano);
});

/** Saves a file in a watched directory, and checks the coalesced events. */
async function check(
  save: Save,
  run: (script: string, directory: string) => Promise<void>,
): Promise<void> {
  const [script, besides] = [save].flat();
  const base = tmpDir();
  const directory = join(base, "watched");
  mkdirSync(directory);
  writeFileSync(join(base, "outside"), "two\n");
  writeFileSync(join(directory, "f"), "one\n");
  if (script.startsWith("git")) await sh(REPOSITORY, directory);
  await using watcher = watch(directory, { ignore: [".git"] });
  const events: WatchEvent[] = [];
  void forEach(watcher, (event) => events.push(event));
  await within(watcher.ready);
  await run(script, directory);
  await taken(watcher);
  const lines = coalesce(events, false).map((event) => line(event).replace(`${directory}/`, ""));
  const expected = besides === undefined ? ["modify f"] : [besides, "modify f"];
  assert.deepEqual(lines.sort(), expected, events.map(line).join("\n"));
}

/** Types a word, Ctrl-S and Ctrl-X into nano on a terminal. */
async function nano(script: string, directory: string): Promise<void> {
  const child = spawn("script", ["-qec", script, "/dev/null"], {
    cwd: directory,
    env: { ...process.env, TERM: "vt100" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let screen = "";
  let ended = false;
  child.stdout.setEncoding("utf8").on("data", (text) => screen += text);
  child.on("close", () => ended = true);
  try {
    await until(() => screen.includes("GNU nano"), () => screen);
    child.stdin.write("hello\x13\x18");
    await until(() => ended, () => screen);
  } finally {
    child.kill();
  }
}
