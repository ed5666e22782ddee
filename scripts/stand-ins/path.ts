/** The used part of `jsr:@std/path`, for machines where that does not resolve. */

export { dirname, join } from "node:path";
