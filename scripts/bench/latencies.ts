/** Latencies between writes and their events. */

/**
 * @param seen the time of each write's event, in ns; 0 if there was none
 * @param written the time of each write, by the same clock
 * @returns the latencies in µs, without the first third, which is the warm-up
 */
export function latencies(seen: readonly number[], written: readonly number[]): number[] {
  const warm = Math.floor(seen.length / 3);
  return seen.flatMap((time, i) => i < warm || time === 0 ? [] : (time - written[i]) / 1e3);
}
