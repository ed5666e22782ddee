/** Opens an instance and prints the error of that as JSON. */

import { Inotify } from "../../mod.ts";
import { thrown } from "../helpers/thrown.ts";

console.log(JSON.stringify(thrown(() => new Inotify())));
