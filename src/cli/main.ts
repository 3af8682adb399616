#!/usr/bin/env node
/** The program: the real world handed to the command line. The only file with side effects on import. */
import { EXIT, messageOf } from "../base/errors.ts";
import { bench } from "./bench.ts";
import { endWithNpx } from "../base/process/npx-parent.ts";
import { processWorld } from "../base/process/world.ts";

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
if (world !== undefined) await bench(world);
