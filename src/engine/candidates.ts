/**
 * `Candidates`: the files that may be complete, and have no `closeWrite` yet. For a root the directory is `undefined`,
 * and the name is its path.
 *
 * @module
 */

import type { Directory } from "./directory.ts";
import type { Owner, Receiver } from "./member.ts";

/** Follows which files are still to be reported as complete; see completion.ts. */
export interface Candidates {
  /** A file is there, or has changed, that is not known to be complete. It may be no regular file. */
  add(directory: Directory | undefined, name: string, why?: CandidateReason): void;
  /** A file is reported as complete, or is no longer known. */
  delete(directory: Directory | undefined, name: string): void;
  /** An entry becomes a root, or a root an entry. */
  transfer(
    source: Directory | undefined,
    from: string,
    target: Directory | undefined,
    to: string,
  ): void;
}

/** What else is known of a file that may be complete; `any type`: it is reported even if it is no regular file. */
export type CandidateReason = "renamed" | "any type" | undefined;

/** One of {@link Candidates}. */
export class Candidate implements Owner {
  readonly receiver: Receiver;
  readonly directory: Directory | undefined;
  readonly name: string;
  /** How many there were before. */
  readonly number: number;
  why: CandidateReason;
  /** What is to become of it: `written` waits for its writer. */
  state: "pending" | "asked" | "written" = "pending";
  /** The last answer. */
  answer: Answer | undefined;
  /** How often nothing was there. */
  misses = 0;
  /** The watch of the file while it has a writer, or -1. */
  wd = -1;

  constructor(receiver: Receiver, directory: Directory | undefined, name: string, number: number) {
    this.receiver = receiver;
    this.directory = directory;
    this.name = name;
    this.number = number;
  }

  get path(): string {
    return this.directory?.pathOf(this.name) ?? this.name;
  }
}

/** What was found out about a candidate, to be judged at the next fence. */
export interface Answer {
  readonly candidate: Candidate;
  /** The path that was asked about. */
  readonly path: string;
  /** The {@link Directory.generation} at that time. */
  readonly generation: number | undefined;
  readonly is: "complete" | "written" | "no regular file" | "gone";
}
