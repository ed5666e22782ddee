/** The bare runtime, kept alive by a timer that does not fire: what ready.ts is compared with. */

console.log("ready");
setInterval(() => {}, 1e9);
