/** fast-check, which makes up the data of properties and shrinks what contradicts one. */

import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

/** What makes up values. */
export interface Arbitrary<T> {
  map<U>(mapper: (value: T) => U): Arbitrary<U>;
  filter(predicate: (value: T) => boolean): Arbitrary<T>;
}

type Arbitraries<Values extends readonly unknown[]> = {
  [I in keyof Values]: Arbitrary<Values[I]>;
};

/** The part of it that is used. */
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

/** Opaque. */
export interface Property {
  readonly runId: unknown;
}

const home = join(import.meta.dirname!, "../../.runtimes/fast-check/package.json");

/** Why it cannot be used, or `false` if it can. */
export const unusable: string | false = !!process.versions.deno?.startsWith("2.7.") &&
  "this Deno cannot load fast-check";

/** Loads it. */
export function fastCheck(): FastCheck {
  return createRequire(home)("fast-check");
}
