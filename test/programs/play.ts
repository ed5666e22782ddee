/** Plays the scenario in the file in argv. */

import process from "node:process";
import { play, readScenario } from "../helpers/scenario.ts";

await play(readScenario(process.argv[2]));
