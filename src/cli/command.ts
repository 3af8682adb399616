/** What the file of a command gives to the command line, loaded when the command is meant and no sooner. */
import type { ArgumentsCamelCase, Argv } from "yargs";
import type { World } from "../base/process/world.ts";

/** Its flags and what it does; its name and the line about it stand in bench.ts. */
export interface Command {
  builder(yargs: Argv): Argv | PromiseLike<Argv>;
  handler(args: ArgumentsCamelCase): void | Promise<void>;
}

/** The values of the flags that `Options` declares, by both spellings of their names; no other name is known. */
export type ArgsOf<Options extends (yargs: Argv, world: World) => unknown> =
  Awaited<ReturnType<Options>> extends Argv<infer Flags> ? Values<Flags> : never;

type Values<Flags> = {
  [
    Name in keyof ArgumentsCamelCase<Flags> as string extends Name ? never : Name
  ]: ArgumentsCamelCase<Flags>[Name];
};

/**
 * A command whose handler gets what its flags declare.
 *
 * @param options declares the flags
 * @param run may throw a BenchError, which becomes a message and an exit code
 */
export function command<Flags>(
  options: (yargs: Argv, world: World) => Argv<Flags> | PromiseLike<Argv<Flags>>,
  run: (world: World, args: Values<Flags>) => void | Promise<void>,
): (world: World) => Command {
  return (world) => ({
    builder: (yargs) => options(yargs, world),
    handler: (args) => run(world, args as Values<Flags>),
  });
}
