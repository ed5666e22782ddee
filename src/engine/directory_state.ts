/**
 * How far the known entries of a directory can be trusted, and what becomes of an event meanwhile.
 *
 * | state       | the known entries are                  | an entry comes or goes  | an entry's content changes |
 * | ----------- | -------------------------------------- | ----------------------- | -------------------------- |
 * | known       | as of the last event                   | apply                   | apply                      |
 * | unscanned   | not to be trusted, a scan is to come   | discard; name is stale  | hold                       |
 * | … holding   | the same, after a `held` scan          | hold                    | hold                       |
 * | live        | as of the last event, but incomplete   | apply; name is overruled | apply, or hold            |
 * | held        | not to be trusted, the queue is behind | hold                    | hold                       |
 * | unreachable | not to be trusted, the scan failed     | discard; name is stale  | hold                       |
 *
 * A scan sees a later moment than the events that are being applied. A scan that added the watch is `live`:
 * every event of the watch is newer than the scan. If somebody watched the directory before, events that are
 * older than the scan may be queued, so all are `held` until a fence sent after the scan comes back.
 *
 * ```text
 * any state    -- invalidate() -->   unscanned
 * any state    -- scanned() -->      live, or held
 * any state    -- unreachable() -->  unreachable
 * live, held   -- the fence -->      the listing is committed: known, and held events are applied
 * unreachable  -- the fence -->      its parent is scanned again
 * ```
 *
 * A name is stale if an event of it was discarded: the known entry may be another one by now. A name is overruled if
 * an event of it came after the scan: its entry is known, whatever the listing has.
 *
 * @module
 */

import { nameOf } from "../kernel/byte_string.ts";
import { IN_CREATE, IN_DELETE, IN_MOVE } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { Listing } from "./listing.ts";
import type { ScanFailure } from "./scan.ts";

/** The entries are as of the last event. */
export interface Known {
  readonly tag: "known";
}

/** A scan is to come. */
export interface Unscanned extends Unsettled {
  readonly tag: "unscanned";
  /** Whether it comes after one that was `held`, whose fence has not come back. */
  readonly isHolding: boolean;
}

/** A scan was made; its listing may still be read. */
export interface Scanned extends Unsettled {
  readonly tag: "live" | "held";
  readonly listing: Listing;
  overruled: Set<string> | undefined;
  /** Whether the listing is compared with the known entries, or was. */
  isCommitted: boolean;
}

/** The scan failed, since the path leads to no directory. */
export interface Unreachable extends Unsettled {
  readonly tag: "unreachable";
  readonly failure: ScanFailure;
}

interface Unsettled {
  /** Events to apply once a listing is committed, in order. */
  readonly held: InotifyEvent[];
  stale: Set<string> | undefined;
}

/** Every state. */
export type DirectoryState = Known | Unscanned | Scanned | Unreachable;

/** What becomes of an event. */
export type Verdict = "apply" | "hold" | "discard";

/** The state in which a directory stays. */
export const KNOWN: Known = { tag: "known" };

/** The entries are no longer trusted. */
export function invalidate(before: DirectoryState): Unscanned {
  if (before.tag === "known") {
    return { tag: "unscanned", isHolding: false, held: [], stale: undefined };
  }
  const { held, stale } = before;
  return { tag: "unscanned", isHolding: isHolding(before), held, stale };
}

/**
 * A scan was made.
 *
 * @param watch whether it added the watch, found that of the directory's last scan, or somebody else's
 */
export function scanned(
  before: DirectoryState,
  listing: Listing,
  watch: "new" | "same" | "other",
): Scanned {
  const isSame = watch === "same" && before.tag !== "known";
  const holds = watch === "same" ? isHolding(before) : watch === "other";
  return {
    tag: holds ? "held" : "live",
    listing,
    held: isSame ? before.held : [],
    stale: staleNames(before),
    overruled: undefined,
    isCommitted: false,
  };
}

/** The path leads to no directory. */
export function unreachable(before: DirectoryState, failure: ScanFailure): Unreachable {
  return { tag: "unreachable", failure, held: [], stale: staleNames(before) };
}

/** What becomes of an event by which an entry comes or goes. */
export function onEntryEvent(state: DirectoryState, event: InotifyEvent, name: string): Verdict {
  if (state.tag === "known") return "apply";
  if (isHolding(state)) {
    state.held.push(event);
    return "hold";
  }
  if (state.tag === "live") {
    (state.overruled ??= new Set()).add(name);
    return "apply";
  }
  markStale(state, name);
  return "discard";
}

/** What becomes of an event of an entry's content. @param isKnown whether there is an entry of that name */
export function onContentEvent(
  state: DirectoryState,
  event: InotifyEvent,
  name: string,
  isKnown: boolean,
): Verdict {
  if (state.tag === "known") return "apply";
  if (state.tag === "live" && isKnown && !isStale(state, name)) return "apply";
  state.held.push(event);
  return "hold";
}

/** Whether the known entries are as of the last event, as far as they are known. */
export function isExact(state: DirectoryState): boolean {
  return state.tag === "known" || state.tag === "live";
}

/** Whether what is below the directory may be scanned. */
export function isListed(state: DirectoryState): boolean {
  return isExact(state) || state.tag === "held" && state.isCommitted;
}

/** Whether a scan is to come; one that was made is good until the directory is invalidated. */
export function needsScan(state: DirectoryState): boolean {
  return state.tag === "unscanned" || state.tag === "unreachable";
}

/** Whether what is known at a name may be another entry by now. */
export function isStale(state: DirectoryState, name: string): boolean {
  return state.tag !== "known" && (state.stale?.has(name) ?? false);
}

/** What is known at a name may be another entry by now. */
export function markStale(state: DirectoryState, name: string): void {
  if (state.tag !== "known") (state.stale ??= new Set()).add(name);
}

/** An event of a name came after the scan. */
export function overrule(state: DirectoryState, name: string): void {
  if (state.tag === "live") (state.overruled ??= new Set()).add(name);
}

/** Whether entries may have come or gone since the scan began. */
export function hasChanged({ overruled, held }: Scanned): boolean {
  return overruled !== undefined ||
    held.some(({ mask }) => mask & (IN_CREATE | IN_DELETE | IN_MOVE));
}

/** Discards the held events, whose order is lost. */
export function discardHeld(state: DirectoryState): void {
  if (state.tag === "known") return;
  for (const event of state.held.splice(0)) markStale(state, nameOf(event));
}

function isHolding(state: DirectoryState): boolean {
  return state.tag === "held" || state.tag === "unscanned" && state.isHolding;
}

function staleNames(state: DirectoryState): Set<string> | undefined {
  return state.tag === "known" ? undefined : state.stale;
}
