/** Prints the name and the code of the error that watchFs() throws for the path in argv, as JSON. */

import process from "node:process";
import { watchFs } from "../../src/compat/watchfs.ts";

try {
  watchFs(process.argv[2]).close();
  console.log("{}");
} catch (error) {
  const { constructor, code } = error as Error & { code: string };
  console.log(JSON.stringify({ name: constructor.name, code }));
}
