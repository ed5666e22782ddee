/**
 * How Bun and Node.js wait for anything but bytes to read: Linux AIO polls the descriptor once, and signals an
 * eventfd(2), which they read like any other descriptor. Their event loops have no other way that is theirs to close,
 * and a Worker would take a thread.
 *
 * The context of io_setup(2) stays until the process ends: io_destroy(2) blocks for an RCU grace period, some 20 ms,
 * as does then the end of the process. A Worker that ends leaves its context.
 *
 * @module
 */

import { CallFailure, type Libc, O_CLOEXEC, O_NONBLOCK, type Waiter } from "./contract.ts";
import type { Descriptors } from "./descriptors.ts";

/** The calls of a waiter by AIO. A context is a `aio_context_t`. */
export interface AioCalls extends Pick<Libc, "errno" | "read" | "address"> {
  /** eventfd(2) */
  eventfd(initval: number, flags: number): number;
  /** io_setup(2); `context` has 8 bytes. */
  io_setup(nr: number, context: Uint8Array): number;
  /** io_submit(2); `iocbs` holds pointers. */
  io_submit(context: number, nr: number, iocbs: Uint8Array): number;
  /** io_getevents(2), which waits until there are `least` events; each has 32 bytes. */
  io_getevents(context: number, least: number, most: number, events: Uint8Array): number;
  /** io_cancel(2); `result` has 32 bytes. */
  io_cancel(context: number, iocb: Uint8Array, result: Uint8Array): number;
}

// linux/aio_abi.h
const IOCB_CMD_POLL = 5;
const IOCB_FLAG_RESFD = 1;
const SIZEOF_IOCB = 64;
const SIZEOF_IO_EVENT = 32;

/** The most events that are taken at once. */
const EVENTS = 16;
/** How many requests a context has room for; the kernel rounds it up. */
const REQUESTS = 1;

/** The context of this thread. Not kept in this module, which `bun --hot` evaluates again. */
const CONTEXT: unique symbol = Symbol.for("@inotify/inotify AIO context");
const shared = globalThis as { [CONTEXT]?: number };

const taken = new Uint8Array(EVENTS * SIZEOF_IO_EVENT);
const counter = new Uint8Array(8);

/**
 * A waiter for `events` of `fd`, whose `wait()` calls back without bytes; see {@link Waiter}.
 *
 * @param readable makes a waiter for bytes
 */
export async function aioWaiter(
  c: AioCalls,
  descriptors: Descriptors,
  readable: (fd: number) => Promise<Waiter>,
  fd: number,
  events: number,
): Promise<Waiter> {
  const context = shared[CONTEXT] ??= setUp(c);
  const eventfd = descriptors.add(succeeded(c, "eventfd", c.eventfd(0, O_NONBLOCK | O_CLOEXEC)));
  const iocb = request(fd, events, eventfd);
  const iocbs = new Uint8Array(new BigUint64Array([c.address(iocb)]).buffer);
  const inner = await readable(eventfd).catch((error) => {
    descriptors.close(eventfd);
    throw error;
  });
  /** Whether the kernel polls. */
  let isSubmitted = false;
  let isReleased = false;
  const reap = () => void c.io_getevents(context, 0, EVENTS, taken);
  return {
    wait(ready, failed) {
      if (!isSubmitted && c.io_submit(context, 1, iocbs) !== 1) {
        return failed(new CallFailure("io_submit", c.errno()));
      }
      isSubmitted = true;
      inner.wait((bytes) => {
        if (!isReleased && (bytes !== undefined || c.read(eventfd, counter, 8) === 8)) {
          isSubmitted = false;
          reap();
        }
        ready();
      }, failed);
    },
    ref: () => inner.ref(),
    unref: () => inner.unref(),
    async release() {
      isReleased = true;
      await inner.release();
      if (isSubmitted) c.io_cancel(context, iocb, taken);
      reap();
      descriptors.close(eventfd);
    },
  };
}

function setUp(c: AioCalls): number {
  const context = new BigUint64Array(1);
  succeeded(c, "io_setup", c.io_setup(REQUESTS, new Uint8Array(context.buffer)));
  return Number(context[0]);
}

/** A `struct iocb` that polls a descriptor, and then signals an eventfd. */
function request(fd: number, events: number, eventfd: number): Uint8Array {
  const iocb = new DataView(new ArrayBuffer(SIZEOF_IOCB));
  iocb.setUint16(16, IOCB_CMD_POLL, true); // aio_lio_opcode
  iocb.setUint32(20, fd, true); // aio_fildes
  iocb.setBigUint64(24, BigInt(events), true); // aio_buf
  iocb.setUint32(56, IOCB_FLAG_RESFD, true); // aio_flags
  iocb.setUint32(60, eventfd, true); // aio_resfd
  return new Uint8Array(iocb.buffer);
}

function succeeded(c: AioCalls, syscall: string, result: number): number {
  if (result === -1) throw new CallFailure(syscall, c.errno());
  return result;
}
