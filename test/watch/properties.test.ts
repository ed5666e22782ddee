/** Properties that hold for made-up data; those of a runtime that cannot make any up are left out. */

import { test } from "node:test";
import { unusable } from "../helpers/fast_check.ts";

if (unusable) test("properties", { skip: unusable }, () => {});
else {
  await import("../properties/coalesce.ts");
  await import("../properties/parser.ts");
}
