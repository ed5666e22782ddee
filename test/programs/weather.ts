/**
 * Has a storm, and prints what became of it.
 *
 * Arguments: the seed, and how many changes.
 */

import process from "node:process";
import { weather } from "../helpers/weather.ts";

const [seed, changes] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(await weather(seed, { changes, blocked: 0, flood: 0 })));
