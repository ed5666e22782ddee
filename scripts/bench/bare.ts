/** The bare runtime, kept alive by a timer that does not fire: the baseline of start-up times. */

console.log("ready");
setInterval(() => {}, 1e9);
