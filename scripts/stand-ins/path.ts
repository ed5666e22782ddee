/** Stands in for `jsr:@std/path` where that does not resolve: only what is used here. */

export { dirname, join } from "node:path";
