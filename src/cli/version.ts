/**
 * The version that the commands print. It is that of deno.json, to which a test holds it: what a package
 * can read of its own when it runs differs between the runtimes.
 *
 * @module
 */

/** The version of this module. */
export const VERSION = "0.1.0";
