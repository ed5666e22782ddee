/**
 * The version that the commands print.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };

/** The version of this module. */
export const VERSION: string = manifest.version;
