/**
 * Structure-aware fuzzing: `npm run fuzz -- --minutes N [--target NAME]... [--seed S]`. Time is shared among the targets, in
 * rounds. Ends with a table; exit 1 and a reproducer in the corpus for each crash, hang or growth of memory.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { corpusOf, keepFind } from "./corpus.ts";
import type { Find } from "./engine.ts";
import { HANG_MS } from "./engine.ts";
import { FuzzThread } from "./fuzzing.ts";
import { printTable } from "./report.ts";
import type { Row } from "./report.ts";
import type { FuzzTarget } from "./target.ts";
import { FUZZ_TARGETS } from "./targets/index.ts";

/** Rounds: the first warms up, the later ones must leave no memory behind. */
const LEAST_ROUNDS = 3;
const LONGEST_SLICE_MS = 20_000;
/** What all slices after the first may leave behind: caches of compiled code, pools that fill. */
const MEMORY_BYTES = 16 * 1024 * 1024;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    target: { type: "string", multiple: true },
    seed: { type: "string" },
    replay: { type: "string" },
    list: { type: "boolean" },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const targets = FUZZ_TARGETS.filter(({ name }) => flags.target?.includes(name) ?? true);
  const unknown = flags.target?.filter((name) => !FUZZ_TARGETS.some((target) => target.name === name)) ?? [];
  if (flags.list === true || unknown.length > 0 || targets.length === 0) {
    if (unknown.length > 0) process.stderr.write(`unknown target: ${unknown.join(", ")}\n`);
    for (const { name, about } of FUZZ_TARGETS) process.stdout.write(`${name.padEnd(20)}${about}\n`);
    return unknown.length > 0 ? 2 : 0;
  }
  const minutes = Number(flags.minutes);
  const seed = flags.seed === undefined ? Date.now() % 2 ** 31 : Number(flags.seed);
  if (!(minutes > 0) || !Number.isInteger(seed)) {
    process.stderr.write("--minutes takes a number above 0, --seed an integer\n");
    return 2;
  }
  if (flags.replay !== undefined) return replay(targets, flags.replay);
  return fuzz(targets, minutes * 60_000, seed);
}

async function replay(targets: readonly FuzzTarget[], path: string): Promise<number> {
  const [target] = targets;
  if (target === undefined || targets.length > 1) {
    process.stderr.write("--replay FILE needs one --target\n");
    return 2;
  }
  const startedMs = performance.now();
  const outcome = await target.run(readFileSync(path));
  process.stdout.write(`${outcome} (${Math.round(performance.now() - startedMs)} ms)\n`);
  return 0;
}

async function fuzz(targets: readonly FuzzTarget[], totalMs: number, seed: number): Promise<number> {
  const shareMs = totalMs / targets.length;
  const rounds = Math.max(LEAST_ROUNDS, Math.ceil(shareMs / LONGEST_SLICE_MS));
  process.stdout.write(
    `${targets.length} targets, ${Math.round(shareMs / 1000)} s each in ${rounds} rounds, seed ${seed}\n`,
  );
  const rows = new Map(targets.map(({ name }) => [name, newRow(name)]));
  const finds: Find[] = [];
  // Another thread goes other ways.
  let threads = 0;
  const newThread = (): FuzzThread => new FuzzThread(seed + threads++);
  let thread = newThread();
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      const row = rows.get(target.name)!;
      if (row.stuck) continue;
      const { figures, found } = await thread.run(target.name, shareMs / rounds);
      if (figures === undefined) {
        thread = newThread();
        for (const one of rows.values()) one.threadLost();
        // A thread that does not end is ended for good.
        const real = await realHangs(found, thread);
        if (real.length > 0) {
          row.stuck = true;
          void thread.end();
          thread = newThread();
        }
        found.splice(0, found.length, ...real);
      } else row.addSlice(figures, round);
      finds.push(...found);
      row.finds += found.length;
      process.stdout.write(
        `${target.name}: ${row.executions} executions, ${row.perSecond()}/s, ${row.kinds} kinds\n`,
      );
    }
  }
  await thread.end();
  for (const row of rows.values())
    if (row.leftBytes > MEMORY_BYTES) {
      row.finds++;
      finds.push({
        target: row.name,
        kind: "memory",
        what: `${Math.round(row.leftBytes / 1024)} kB more after a garbage collection than after the first round`,
        input: new Uint8Array(),
      });
    }
  printTable([...rows.values()]);
  for (const find of finds) tell(find, seed);
  return finds.length === 0 ? 0 : 1;
}

/** What is found again in another thread; crashes are, by their nature. */
async function realHangs(found: readonly Find[], thread: FuzzThread): Promise<Find[]> {
  const real: Find[] = [];
  for (const find of found)
    if (find.kind !== "hang" || (await thread.timeOf(find.target, find.input)) > HANG_MS) real.push(find);
  return real;
}

function newRow(name: string): Row {
  // Of threads that are gone.
  let [executionsBefore, busyMsBefore, firstRound] = [0, 0, 0];
  return {
    ...{ name, executions: 0, busyMs: 0, slowestMs: 0, kinds: 0, leftBytes: 0, finds: 0, stuck: false },
    addSlice({ executions, busyMs, slowestMs, kinds, leftBytes }, round) {
      this.executions = executionsBefore + executions;
      this.busyMs = busyMsBefore + busyMs;
      this.slowestMs = Math.max(this.slowestMs, slowestMs);
      this.kinds = Math.max(this.kinds, kinds);
      // Its first round in a thread warms up.
      if (round > firstRound) this.leftBytes += leftBytes;
      firstRound = Math.min(firstRound, round);
    },
    threadLost() {
      [executionsBefore, busyMsBefore, firstRound] = [this.executions, this.busyMs, Infinity];
    },
    perSecond() {
      return Math.round(this.executions / Math.max(1, this.busyMs / 1000));
    },
  };
}

function tell({ target, kind, what, input }: Find, seed: number): void {
  process.stdout.write(`\n${kind} in ${target} (seed ${seed}): ${what}\n`);
  if (kind === "memory") {
    process.stdout.write(`  again: npm run fuzz -- --minutes 2 --target ${target} --seed ${seed}\n`);
    return;
  }
  const bytes = Buffer.from(input);
  const known = corpusOf(target).find((entry) => entry.bytes.equals(bytes));
  const path = known === undefined ? keepFind(target, bytes) : `test/fuzz/corpus/${target}/${known.name}`;
  process.stdout.write(
    `  input: ${path} (${bytes.length} bytes${bytes.length <= 600 ? `, base64 ${bytes.toString("base64")}` : ""})\n`,
  );
  process.stdout.write(`  again: npm run fuzz -- --target ${target} --replay ${path}\n`);
}
