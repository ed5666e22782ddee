/**
 * `Progress`: how far the known entries are in step with the disk.
 *
 * @module
 */

/** What keeps the entries in step with the disk. */
export interface Progress {
  /** Resolves when everything is scanned, and all is applied that is queued by then. */
  settled(): Promise<void>;
  /** Resolves when all is applied that the kernel has queued by now. */
  applied(): Promise<void>;
  /** Whether nothing is applied any more. */
  readonly isClosed: boolean;
}
