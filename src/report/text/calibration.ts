/** A calibration for people. */
import { printable } from "../../base/text/printable.ts";
import type { Calibration, CalibrationLevel } from "../../metrics/judge/calibration.ts";
import { honestLimit } from "../../metrics/judge/calibration.ts";
import { grid } from "./table.ts";
import { short } from "../words/wording.ts";

/** The error table and what follows from it, ending with a newline. */
export function renderCalibration(calibration: Calibration, path: string): string {
  const { machine, levels } = calibration;
  const head = [
    ...["streams", "chunks/s", "workers", "transport", "n", "mean", "p50", "p99", "max", "sends late p99"],
    "",
  ];
  const table = grid(head, levels.map(cells), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
  return [
    "",
    printable(
      `the harness's own error on ${machine.host} (${machine.cpus} x ${machine.cpu}, Node ${machine.node}), ms`,
    ),
    "",
    table,
    "",
    conclusion(calibration),
    "An upper bound: loopback and the emulator's reading are in it. Emulator and generator share this machine.",
    `kept in ${printable(path)}; runs on this machine quote it`,
    "",
  ].join("\n");
}

function cells(level: CalibrationLevel): string[] {
  const { streams, chunksPerSecond, workers, transport, responses, biasMs, p50Ms, p99Ms, maxMs } = level;
  return [
    ...[`${streams}`, short(chunksPerSecond), `${workers}`, transport, `${responses}`],
    ...[biasMs, p50Ms, p99Ms, maxMs, level.latenessP99Ms].map(short),
    level.honest ? "" : printable(`not honest: ${level.why ?? ""}`),
  ];
}

function conclusion(calibration: Calibration): string {
  const limit = honestLimit(calibration);
  if (limit === undefined)
    return "This machine can't measure: the harness is not honest at the lowest level. Is it busy?";
  return `±${short(limit.p99Ms)} ms up to ${limit.streams} streams on this machine`;
}
