/**
 * The native calls of subject.ts: the monotonic clock, and the bare route, which is the fastest correct
 * way to wait on each runtime.
 */

/** Native calls, independent of `ffi/`, so that no change there changes the baseline. */
export interface Native {
  /** CLOCK_MONOTONIC, in ns: a clock that all processes share. */
  now(): number;
  /** Watches a directory and passes on the bytes of each read. */
  watch(directory: string, mask: number, onBytes: (bytes: Uint8Array) => void): void;
}

/** Calls with the same signature in the three runtimes. */
interface Libc {
  clock_gettime(clock: number, time: Uint8Array): number;
  inotify_init1(flags: number): number;
  inotify_add_watch(fd: number, path: Uint8Array, mask: number): number;
}

interface Globals {
  readonly Bun?: { file(fd: number): { stream(): ReadableStream<Uint8Array> } };
  readonly process: {
    getBuiltinModule(name: "bun:ffi"): {
      dlopen(path: string, symbols: object): { symbols: unknown };
    };
    getBuiltinModule(name: "node:ffi"): NodeFfi;
    getBuiltinModule(name: "node:net"): { readonly Socket: new (options: object) => unknown };
    getBuiltinModule(name: "node:stream"): {
      Readable: {
        fromWeb(stream: ReadableStream): {
          on(event: "data", listener: (bytes: Uint8Array) => void): void;
        };
      };
    };
  };
}

interface NodeFfi {
  dlopen(path: null, symbols: object): { functions: unknown };
}

const IN_NONBLOCK = 0o4000;
const POLLIN = 1;

const globals = globalThis as unknown as Globals;

/** Opens libc in the current runtime. */
export function native(): Native {
  if ("Deno" in globalThis) return deno();
  return globals.Bun !== undefined ? bun(globals.Bun) : node();
}

function deno(): Native {
  const { symbols: c } = Deno.dlopen("libc.so.6", {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
    inotify_init1: { parameters: ["i32"], result: "i32" },
    inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  });
  return {
    now: clock(c as unknown as Libc),
    async watch(directory, mask, onBytes) {
      const fd = open(c as unknown as Libc, directory, mask);
      const pollfd = Int32Array.of(fd, POLLIN);
      const buffer = new Uint8Array(65536);
      const size = 65536n;
      while (await c.poll(pollfd, 1n, -1) === 1) {
        onBytes(buffer.subarray(0, Number(c.read(fd, buffer, size))));
      }
    },
  };
}

function bun(Bun: NonNullable<Globals["Bun"]>): Native {
  const c = globals.process.getBuiltinModule("bun:ffi").dlopen("libc.so.6", {
    clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
    inotify_init1: { args: ["i32"], returns: "i32" },
    inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
  }).symbols as Libc;
  const { Readable } = globals.process.getBuiltinModule("node:stream");
  return {
    now: clock(c),
    watch(directory, mask, onBytes) {
      Readable.fromWeb(Bun.file(open(c, directory, mask)).stream()).on("data", onBytes);
    },
  };
}

function node(): Native {
  const ffi = globals.process.getBuiltinModule("node:ffi");
  const { functions } = ffi.dlopen(null, {
    clock_gettime: { arguments: ["i32", "buffer"], return: "i32" },
    inotify_init1: { arguments: ["i32"], return: "i32" },
    inotify_add_watch: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    pipe2: { arguments: ["buffer", "i32"], return: "i32" },
    dup3: { arguments: ["i32", "i32", "i32"], return: "i32" },
  });
  const c = functions as Libc & {
    pipe2(ends: Uint8Array, flags: number): number;
    dup3(from: number, to: number, flags: number): number;
  };
  const { Socket } = globals.process.getBuiltinModule("node:net");
  return {
    now: clock(c),
    watch(directory, mask, onBytes) {
      const ends = new Int32Array(2);
      c.pipe2(new Uint8Array(ends.buffer), IN_NONBLOCK);
      const buffer = new Uint8Array(65536);
      const callback = (length: number) => onBytes(buffer.subarray(0, length));
      // A socket is made of a pipe, and reads it in a later turn: in its place, the inotify descriptor.
      new Socket({ fd: ends[0], writable: false, onread: { buffer, callback } });
      c.dup3(open(c, directory, mask), ends[0], 0);
    },
  };
}

function open(c: Libc, directory: string, mask: number): number {
  const fd = c.inotify_init1(IN_NONBLOCK);
  const path = new TextEncoder().encode(`${directory}\0`);
  if (c.inotify_add_watch(fd, path, mask) < 0) throw new Error(`Cannot watch ${directory}`);
  return fd;
}

function clock(c: Libc): () => number {
  const CLOCK_MONOTONIC = 1;
  const bytes = new Uint8Array(16);
  const words = new Uint32Array(bytes.buffer);
  return () => {
    c.clock_gettime(CLOCK_MONOTONIC, bytes);
    return (words[0] + words[1] * 2 ** 32) * 1e9 + words[2];
  };
}
