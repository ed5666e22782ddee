/** Property tests, with random data from fast-check; skipped on a runtime that cannot load it. */

import { test } from "node:test";
import { unusable } from "../helpers/fast_check.ts";

if (unusable) test("properties", { skip: unusable }, () => {});
else {
  await import("../properties/coalesce.ts");
  await import("../properties/coalesce_nested.ts");
  await import("../properties/parser.ts");
}
