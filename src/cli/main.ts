#!/usr/bin/env node
/** The program: the real world handed to the command line. The only file with side effects on import. */
import { EXIT, messageOf } from "../base/errors.ts";
import { endWithNpx } from "../base/process/npx-parent.ts";
import { processWorld } from "../base/process/world.ts";

// The first process of a container ignores signals that it has no handler for: they end it until a command listens itself.
if (process.pid === 1)
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(EXIT.interrupted);
    });
// Deprecations in the libraries are for their developers; who runs a benchmark can do nothing about them.
if (!process.traceDeprecation) process.noDeprecation = true;
endWithNpx();
let world;
try {
  world = processWorld();
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exitCode = EXIT.usage;
}
if (world !== undefined) {
  // The bulk of the program, which takes its time to load.
  const { bench } = await import("./bench.ts");
  await bench(world);
}
