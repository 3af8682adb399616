/** Commands on the pages are accepted as they stand: command, flags and values. What they do is in test/cli/docs-run.test.ts. */
import { expect, test, vi } from "vitest";
import { runBench } from "../support/fake-world.ts";
import { PAGES, benchCommands, blocksOf } from "../support/docs.ts";

const HELP = new Map<string, string>();

/** The help of a command, which has its flags; "" stands for the default command. */
async function helpOf(command: string): Promise<string> {
  const known = HELP.get(command);
  if (known !== undefined) return known;
  // yargs prints its help itself.
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  await runBench(command === "" ? ["--help"] : [command, "--help"]);
  const help = log.mock.calls.join("\n");
  log.mockRestore();
  HELP.set(command, help);
  return help;
}

const COMMANDS = PAGES.flatMap((page) =>
  blocksOf(page, "sh")
    .flatMap(benchCommands)
    .map((args): [page: string, args: readonly string[]] => [page, args]),
);

test("there are commands on the pages", () => {
  expect(COMMANDS.length).toBeGreaterThan(40);
});

test.each(COMMANDS)("%s: bench %j", async (_, args) => {
  const command = /^[a-z]+$/.test(args[0] ?? "") ? (args[0] ?? "") : "";
  const help = await helpOf(command);
  expect(help).toContain(command === "" ? "Load tests and benchmarks" : `bench ${command}`);
  const flags = args.filter((arg) => /^--?[a-z]/.test(arg)).map((arg) => arg.replace(/=.*$/s, ""));
  for (const flag of flags) expect(help).toMatch(new RegExp(`(?:^|[ ,])${flag}(?=[ ,\\n])`, "m"));
});
