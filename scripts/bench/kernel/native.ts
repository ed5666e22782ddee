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
  dlopen(path: null, symbols: object): { functions: unknown; lib: NodeLibrary };
  getCurrentEventLoop(): bigint;
}

interface NodeLibrary {
  registerCallback(signature: object, callback: () => void): bigint;
}

const IN_NONBLOCK = 0o4000;
const POLLIN = 1;
const UV_POLL = 8;
const UV_READABLE = 1;

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
  const { functions, lib } = ffi.dlopen(null, {
    clock_gettime: { arguments: ["i32", "buffer"], return: "i32" },
    inotify_init1: { arguments: ["i32"], return: "i32" },
    inotify_add_watch: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    read: { arguments: ["i32", "buffer", "u64"], return: "i64" },
    malloc: { arguments: ["u64"], return: "pointer" },
    uv_handle_size: { arguments: ["i32"], return: "u64" },
    uv_poll_init: { arguments: ["pointer", "pointer", "i32"], return: "i32" },
    uv_poll_start: { arguments: ["pointer", "i32", "pointer"], return: "i32" },
  });
  const c = functions as Libc & {
    read(fd: number, buffer: Uint8Array, count: bigint): bigint;
    malloc(size: bigint): bigint;
    uv_handle_size(type: number): bigint;
    uv_poll_init(loop: bigint, handle: bigint, fd: number): number;
    uv_poll_start(handle: bigint, events: number, callback: bigint): number;
  };
  return {
    now: clock(c),
    watch(directory, mask, onBytes) {
      const fd = open(c, directory, mask);
      const buffer = new Uint8Array(65536);
      const read = () => onBytes(buffer.subarray(0, Number(c.read(fd, buffer, 65536n))));
      const handle = c.malloc(c.uv_handle_size(UV_POLL));
      c.uv_poll_init(ffi.getCurrentEventLoop(), handle, fd);
      // setImmediate, since microtasks do not run after an FFI callback.
      const readable = lib.registerCallback(
        { arguments: ["pointer", "i32", "i32"], return: "void" },
        () => void setImmediate(read),
      );
      c.uv_poll_start(handle, UV_READABLE, readable);
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
