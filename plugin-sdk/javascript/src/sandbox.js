// In place of the language's own clock, chance and console, which are frozen at build time, trap or are not there.
//
// `plugin.js` tells it what the row at hand declared; `testing.js` installs it around a rule that runs natively.
// Importing it installs it for good in a component, which is told by the absence of Node's `process`.

const RealDate = Date;
const realRandom = Math.random;
const realConsole = globalThis.console;

let now;
let random;

/** Sets what `Date.now()` and `Math.random()` answer from; undefined where the plan declares no such input. */
export function provide(clockMs, contactRandom) {
  now = clockMs;
  random = contactRandom;
}

function nowOrThrow() {
  if (now === undefined) {
    throw new Error("there is no time here: declare the input clock() in the plan");
  }
  return now;
}

function randomOrThrow() {
  if (random === undefined) {
    throw new Error("there is no chance here: declare the input seed() in the plan");
  }
  return random();
}

const SandboxedDate = new Proxy(RealDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [nowOrThrow()] : args, self),
  apply: (target) => new target(nowOrThrow()).toString(),
  get: (target, name, self) => (name === "now" ? nowOrThrow : Reflect.get(target, name, self)),
});

const silent = () => {};
const SILENT_CONSOLE = Object.fromEntries(
  ["assert", "debug", "error", "info", "log", "table", "trace", "warn"].map((name) => [name, silent]),
);

function install() {
  globalThis.Date = SandboxedDate;
  Math.random = randomOrThrow;
  globalThis.console = SILENT_CONSOLE;
}

/** Runs a function as in a component; for native tests. */
export function sandboxed(run) {
  install();
  try {
    return run();
  } finally {
    globalThis.Date = RealDate;
    Math.random = realRandom;
    globalThis.console = realConsole;
  }
}

if (typeof process === "undefined") {
  install();
}
