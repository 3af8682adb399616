#!/usr/bin/env node
/** The program: the real world handed to the command line. The only file with side effects on import. */
import { bench } from "./bench.ts";
import { endWithNpx } from "./npx-parent.ts";
import { processWorld } from "./world.ts";

// Deprecations in the libraries are for their developers; who runs a benchmark can do nothing about them.
if (!process.traceDeprecation) process.noDeprecation = true;
endWithNpx();
await bench(processWorld());
