// The one gate, the same for people and CI: every static check, then the tests. Prints what failed and stops there.
import { spawnSync } from "node:child_process";

const steps = [
  ["format", "npx prettier --check ."],
  ["lint", "npx eslint ."],
  ["types", "npx tsc -p tsconfig.json --noEmit"],
  ["boundaries", "npx depcruise src test perf --config .dependency-cruiser.cjs"],
  ["dead code", "npx knip"],
  ["generated files", "node --import tsx scripts/generate.ts --check"],
  ["package", "npm run lint:package --silent"],
  ["API reference", "npx typedoc --emit none"],
  ["tests", "npm test --silent"],
].filter(([name]) => !(name === "tests" && process.argv.includes("--without-tests")));
for (const [name, command] of steps) {
  const started = Date.now();
  const done = spawnSync(command, {
    shell: true,
    encoding: "utf8",
    stdio: name === "tests" ? "inherit" : "pipe",
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (done.status !== 0) {
    process.stdout.write(
      `${done.stdout ?? ""}${done.stderr ?? ""}\ncheck: ${name} failed after ${seconds} s (${command})\n`,
    );
    process.exit(1);
  }
  process.stdout.write(`check: ${name} ok (${seconds} s)\n`);
}
