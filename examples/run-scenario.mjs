// A run from a program: smoke against the emulator, or against the target that is named: node examples/run-scenario.mjs grpc://host:50051
import { runScenario } from "riva-bench";

const [target, out] = process.argv.slice(2);
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

const { result, folder } = await runScenario({
  scenario: "smoke",
  target,
  out,
  slo: ["error_ratio < 1%"],
  signal: interrupt.signal,
});

const { p50, p95 } = result.metrics.final_from_close;
console.log(`${result.verdict}: ${result.sessions.completed} sessions, final p50 ${p50} ms, p95 ${p95} ms`);
console.log(`emulated: ${result.target.emulated}; everything that was measured: ${folder}`);
process.exitCode = result.verdict === "pass" ? 0 : 1;
