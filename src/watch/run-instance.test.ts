import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { claimInstance } from "./run-instance.ts";

function numberOf(label: string): number {
  return Number(/^gpu#(\d+)$/.exec(label)?.[1]);
}

it("gives each run of now another number, the lowest that is free", async () => {
  const a = await claimInstance("gpu");
  const b = await claimInstance("gpu");
  expect(numberOf(b.label)).toBeGreaterThan(numberOf(a.label));
  a.release();
  await new Promise((resolve) => setImmediate(resolve));
  const again = await claimInstance("gpu");
  expect(numberOf(again.label)).toBeLessThan(numberOf(b.label));
  for (const each of [again, b]) each.release();
});

it("knows the runs of other processes, and forgets a killed one", async () => {
  const module = fileURLToPath(new URL("./run-instance.ts", import.meta.url));
  const code = `import(${JSON.stringify(module)}).then(async ({ claimInstance }) => {
    console.log((await claimInstance("gpu")).label); setInterval(() => {}, 1000); });`;
  const child = spawn(process.execPath, ["--import", "tsx", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const theirs = numberOf(said.toString().trim());
  const taken: Awaited<ReturnType<typeof claimInstance>>[] = [];
  while (taken.length === 0 || numberOf(taken.at(-1)?.label ?? "") <= theirs)
    taken.push(await claimInstance("gpu"));
  expect(taken.map(({ label }) => numberOf(label))).not.toContain(theirs);
  child.kill("SIGKILL");
  await once(child, "close");
  const after = await claimInstance("gpu");
  expect(numberOf(after.label)).toBe(theirs);
  for (const each of [...taken, after]) each.release();
}, 20_000);
