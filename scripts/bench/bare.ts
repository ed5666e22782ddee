/** The bare runtime, kept alive by a timer that does not fire: what a program's start is held against. */

console.log("ready");
setInterval(() => {}, 1e9);
