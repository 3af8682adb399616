#!/usr/bin/env node
/** The program: the real world handed to the command line. The only file with side effects on import. */
import { bench } from "./bench.ts";
import { processWorld } from "./world.ts";

await bench(processWorld());
