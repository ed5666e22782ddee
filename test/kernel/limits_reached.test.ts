/** The errors at limits that are reached for real, in a user namespace or by ulimit. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IN_CREATE, type Limits, limits } from "../../mod.ts";
import { limited, limitedUnseen, LIMITS, PROCESSES } from "../helpers/namespace.ts";
import { runForJson, start } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** @returns a directory with this many entries, and their paths */
function entries(count: number): { directory: string; paths: string[] } {
  const directory = tmpDir();
  const paths = Array.from(
    { length: count },
    (_, i) => join(directory, String(i).padStart(3, "0")),
  );
  for (const path of paths) mkdirSync(path);
  return { directory, paths };
}

const inNamespace = { skip: LIMITS.skip };

/** What fill_watches.ts prints. */
interface Watches {
  readonly limits: Limits;
  readonly added: number;
  readonly error: Record<string, unknown>;
  readonly held?: number;
  readonly again: boolean;
}

/** What fill_instances.ts prints. */
interface Instances {
  readonly limits: Limits;
  readonly made: number;
  readonly error: Record<string, unknown>;
  readonly held: number;
  readonly descriptors: number;
  readonly again: boolean;
}

test("limits() returns the smaller limits of a user namespace", inNamespace, () => {
  const { directory } = entries(4);
  const watches = runForJson<Watches>("fill_watches.ts", [directory], limited("watches", 3));
  assert.deepEqual(watches.limits, { ...limits(), maxUserWatches: 3 });
  const instances = runForJson<Instances>("fill_instances.ts", [], limited("instances", 3));
  assert.deepEqual(instances.limits, { ...limits(), maxUserInstances: 3 });
});

test(
  "ENOSPC names the limit, its use and the sysctl, and leaves no watch behind",
  inNamespace,
  () => {
    const { directory, paths } = entries(10);
    const result = runForJson<Watches>("fill_watches.ts", [directory], limited("watches", 5));
    assert.deepEqual(result.error, {
      name: "InotifyError",
      message:
        `Cannot watch "${paths[5]}": all 5 inotify watches that this user may have are in use; ` +
        "this process has 5; raise the limit with: " +
        "sudo sysctl user.max_inotify_watches=10 (ENOSPC)",
      code: "ENOSPC",
      errno: 28,
      syscall: "inotify_add_watch",
      path: paths[5],
    });
    assert.equal(result.added, 5);
    assert.equal(result.held, 5);
  },
);

test("addWatch() after ENOSPC works once another watch is removed", inNamespace, () => {
  const { directory } = entries(4);
  const { again } = runForJson<Watches>("fill_watches.ts", [directory], limited("watches", 2));
  assert.ok(again);
});

test("ENOSPC names the other processes that use watches", inNamespace, () => {
  const { directory, paths } = entries(5);
  const { error, holder } = runForJson<{ error: Record<string, unknown>; holder: string }>(
    "hold_and_run.ts",
    [tmpDir(), directory],
    limited("watches", 4),
  );
  assert.equal(
    error.message,
    `Cannot watch "${paths[3]}": all 4 inotify watches that this user may have are in use; ` +
      `this process has 3, ${holder} has 1; raise the limit with: ` +
      "sudo sysctl user.max_inotify_watches=8 (ENOSPC)",
  );
});

test(
  "ENOSPC proposes more than zero watches where the limit is zero",
  inNamespace,
  () => {
    const { directory } = entries(1);
    const { name, code, message } = runForJson<Record<string, unknown>>(
      "add_watch.ts",
      [directory],
      limited("watches", 0),
    );
    assert.deepEqual({ name, code }, { name: "InotifyError", code: "ENOSPC" });
    assert.match(String(message), /sudo sysctl user\.max_inotify_watches=[1-9]\d* \(ENOSPC\)$/);
  },
);

test("ENOSPC needs no free descriptor to be reported", inNamespace, () => {
  const { directory, paths } = entries(4);
  const result = runForJson<Watches>("fill_watches.ts", [directory, "fill"], {
    under: [...limited("watches", 2).under!, "sh", "-c", 'ulimit -n 128; exec "$@"', "sh"],
  });
  const { name, code, errno, syscall, path } = result.error;
  assert.deepEqual({ name, code, errno, syscall, path }, {
    name: "InotifyError",
    code: "ENOSPC",
    errno: 28,
    syscall: "inotify_add_watch",
    path: paths[2],
  });
});

test(
  "EMFILE of a user names the limit, its use and the sysctl, and leaves nothing open",
  inNamespace,
  () => {
    const result = runForJson<Instances>("fill_instances.ts", [], limited("instances", 3));
    assert.deepEqual(result.error, {
      name: "InotifyError",
      message:
        "Cannot make an inotify instance: all 3 inotify instances that this user may have are in use; " +
        "this process has 3; raise the limit with: " +
        "sudo sysctl user.max_inotify_instances=6 (EMFILE)",
      code: "EMFILE",
      errno: 24,
      syscall: "inotify_init1",
    });
    assert.deepEqual([result.made, result.held, result.descriptors], [3, 3, 3]);
  },
);

test("new Inotify() after EMFILE works once another instance is closed", inNamespace, () => {
  const { again } = runForJson<Instances>("fill_instances.ts", [], limited("instances", 2));
  assert.ok(again);
});

for (
  const [proc, used] of [["subset=pid", "; this process has \\d"], ["none", ""]] as const
) {
  const where = proc === "none" ? "is missing" : "shows processes only";
  test(`ENOSPC and EMFILE name both limits, without values, where /proc ${where}`, {
    skip: PROCESSES.skip ||
      proc === "none" && runtimeName !== "node" && "this runtime does not start without /proc",
  }, () => {
    for (const what of ["watches", "instances"] as const) {
      const program = what === "watches" ? "add_watch.ts" : "new_inotify.ts";
      const { message } = runForJson<Record<string, unknown>>(
        program,
        ["/"],
        limitedUnseen(what, 0, proc),
      );
      const expected =
        `all inotify ${what} that this user may have are in use${used}; raise the smaller one of ` +
        `fs.inotify.max_user_${what} and user.max_inotify_${what}, neither of which can be read here`;
      assert.match(String(message), new RegExp(`: ${expected} \\((ENOSPC|EMFILE)\\)$`));
    }
  });
}

test("EMFILE of a process names ulimit; new Inotify() works once a file is closed", () => {
  const result = runForJson("fill_descriptors.ts", [], {
    under: ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"],
  });
  assert.deepEqual(result, {
    error: {
      name: "InotifyError",
      message: "Cannot make an inotify instance: this process has as many open files as it may; " +
        "raise the limit with: ulimit -n (EMFILE)",
      code: "EMFILE",
      errno: 24,
      syscall: "inotify_init1",
    },
    again: true,
  });
});

for (
  const [name, what] of [["instances", "last instance"], ["watches", "last watch"]] as const
) {
  test(`the ${what} that a user may have receives events`, inNamespace, async () => {
    const directory = tmpDir();
    const program = start("first_event.ts", [directory], limited(name, 1));
    await program.line();
    writeFileSync(join(directory, "a"), "");
    assert.deepEqual(await program.line(), { wd: 1, mask: IN_CREATE, cookie: 0, name: "a" });
  });
}
