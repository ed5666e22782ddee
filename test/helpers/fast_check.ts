/** fast-check: random data for property tests, and the smallest data for which a property fails. */

import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

/** A source of random values. */
export interface Arbitrary<T> {
  map<U>(mapper: (value: T) => U): Arbitrary<U>;
  filter(predicate: (value: T) => boolean): Arbitrary<T>;
}

type Arbitraries<Values extends readonly unknown[]> = {
  [I in keyof Values]: Arbitrary<Values[I]>;
};

/** The part of fast-check that the tests use. */
export interface FastCheck {
  assert(property: Property, parameters: { numRuns: number }): void;
  property<Values extends readonly unknown[]>(
    ...args: [...Arbitraries<Values>, (...values: Values) => void]
  ): Property;
  integer(constraints: { min: number; max: number }): Arbitrary<number>;
  uint8Array(constraints: { min?: number; maxLength: number }): Arbitrary<Uint8Array>;
  array<T>(one: Arbitrary<T>, constraints: { maxLength: number; size?: "max" }): Arbitrary<T[]>;
  record<T>(of: { [Key in keyof T]: Arbitrary<T[Key]> }): Arbitrary<T>;
  oneof<T>(...arbitraries: readonly Arbitrary<T>[]): Arbitrary<T>;
  string(constraints: { unit: "binary"; maxLength: number }): Arbitrary<string>;
}

/** A property, opaque to the tests. */
export interface Property {
  readonly runId: unknown;
}

const home = join(import.meta.dirname!, "../../.runtimes/fast-check/package.json");

/** Why fast-check cannot be used, or `false` if it can. */
export const unusable: string | false = !!process.versions.deno?.startsWith("2.7.") &&
  "this Deno cannot load fast-check";

/** Loads fast-check. */
export function fastCheck(): FastCheck {
  return createRequire(home)("fast-check");
}
