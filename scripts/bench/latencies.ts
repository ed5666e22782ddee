/** From the time of a write to the time when it was known. */

/**
 * @param seen when each write was known, in ns; 0 for those which never were
 * @param written when each was made, by the same clock
 * @returns the µs between, without the first third, which warms up
 */
export function latencies(seen: readonly number[], written: readonly number[]): number[] {
  const warm = Math.floor(seen.length / 3);
  return seen.flatMap((time, i) => i < warm || time === 0 ? [] : (time - written[i]) / 1e3);
}
