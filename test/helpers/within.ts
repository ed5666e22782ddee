/** One deadline for everything that a test waits for. */

/** Long enough for a busy machine, short enough to see a hang as a failure. */
const DEADLINE = 20_000;

/**
 * Waits for a promise, but not for ever.
 *
 * @param state what the test had by then, for the failure's message
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

/** Waits until something that nothing announces is so. */
export async function until(condition: () => boolean, state: () => unknown): Promise<void> {
  const end = Date.now() + DEADLINE;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${DEADLINE} ms: ${JSON.stringify(state())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
