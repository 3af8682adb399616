/** What the file of a command gives to the command line, loaded when the command is meant and no sooner. */
import type { CommandModule } from "yargs";

/** Its flags and what it does; its name and the line about it stand in bench.ts. */
export type Command = Pick<CommandModule, "builder" | "handler">;
