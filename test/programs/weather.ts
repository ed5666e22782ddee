/**
 * A storm where watches run out. Prints what is wrong in the end, or null.
 *
 * Arguments: the seed, and how many changes.
 */

import process from "node:process";
import { weather } from "../helpers/weather.ts";

const [seed, changes] = process.argv.slice(2).map(Number);
const wrong = await weather(seed, { changes, blocked: 0, flood: 0, scarce: true });
console.log(JSON.stringify(wrong ?? null));
