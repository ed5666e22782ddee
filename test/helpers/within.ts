/** The deadline of everything that a test waits for. */

/** In milliseconds: long enough for a busy machine, and short enough that a hang fails soon. */
const DEADLINE = 20_000;

/**
 * Waits for a promise until the deadline.
 *
 * @param state the state of the test, for the error's message
 */
export async function within<T>(promise: Promise<T>, state: () => unknown = () => ""): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`not within ${DEADLINE} ms: ${JSON.stringify(state())}`)),
      DEADLINE,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until a condition holds. */
export async function until(condition: () => boolean, state: () => unknown): Promise<void> {
  const end = Date.now() + DEADLINE;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${DEADLINE} ms: ${JSON.stringify(state())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
