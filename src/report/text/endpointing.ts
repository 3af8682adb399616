/** The wait for finals taken apart, and the estimate for other settings, for people. */
import { formatDuration } from "../../base/duration.ts";
import { printable } from "../../base/text/printable.ts";
import type {
  AtSetting,
  EndpointingStudy,
  FinalWaits,
  Spread,
  WhatIf,
} from "../../metrics/judge/endpointing.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import {
  markLines,
  PERCENTILE_COLUMNS,
  percentileText,
  runTitle,
  short,
  uncertifiedNote,
  verdictSentence,
} from "../words/wording.ts";
import { percent } from "../words/percent.ts";
import { grid } from "./table.ts";

const COLUMNS = PERCENTILE_COLUMNS.filter(([name]) => name !== "p999");
const HEADINGS = COLUMNS.map(([, heading]) => heading);

/** The assumptions of the estimate, in sentences. */
export function assumptionsOf({ measuredAtMs, stepMs, explained, measured }: WhatIf): string[] {
  return [
    `the server looks at the silence where it answers, every ${short(stepMs)} ms of audio, and closes the utterance at the first place with a silence of stop_history behind it`,
    `its silence begins with the end of the last word, as the server placed it, else as the dataset has it: that explains ${explained} of its ${measured.endpointed} decisions at ${formatDuration(measuredAtMs)}; in the others it is put as near to that as the decision allows, and their finals may be a step off`,
    "a final comes as long after its audio as it did in this run: the load and the server's speed are the same",
    "silence within a clip is what lies between two words: noise, thresholds and a voice detector can change what the server takes for silence",
    "start_history, thresholds and two-pass endpointing stay as they were",
  ];
}

/** Ends with a newline. */
export function renderEndpointing(result: RunResult, study: EndpointingStudy): string {
  const { endpointed, atStreamEnd, notApart, notModelled, whatIf } = study;
  const rows = [
    ...partRows("by endpointing", "endpointing wait", endpointed),
    ...partRows("at the end of the stream", "audio after the speech", atStreamEnd),
  ];
  const figures = [endpointed, atStreamEnd].flatMap((waits) => Object.values(waits) as Spread[]);
  const shown = [...figures, ...(whatIf === undefined ? [] : settingsOf(whatIf).map(({ final }) => final))];
  const parts = [
    [
      `where the wait for finals went: ${printable(runTitle(result))}`,
      ...markLines(result.target),
      ...(result.verdict === "void" ? [verdictSentence(result)] : []),
    ].join("\n"),
    rows.length === 0
      ? undefined
      : grid(["final, from speech end, ms", "n", ...HEADINGS], rows, [1, 2, 3, 4, 5]),
    lines(
      notApart.map(
        ({ why, sessions }) => `not measured in ${sessions} of ${study.sessions} sessions: ${why}`,
      ),
    ),
    ...(whatIf === undefined ? [] : estimate(whatIf)),
    lines(notModelled.map(({ why, sessions }) => `left out of the estimate: ${sessions} sessions: ${why}`)),
    uncertifiedNote(shown, COLUMNS),
  ];
  return `\n${parts.filter((part) => part !== undefined && part !== "").join("\n\n")}\n`;
}

function partRows(
  title: string,
  audioTitle: string,
  { total, audio, compute, flush }: FinalWaits,
): string[][] {
  if (total.count === 0) return [];
  const row = (label: string, spread: Spread): string[] => [
    label,
    spread.count === 0 ? "not measured" : `${spread.count}`,
    ...COLUMNS.map(([name]) => percentileText(spread, name)),
  ];
  return [
    row(title, total),
    row(`  ${audioTitle}`, audio),
    row("  compute, as for any answer", compute),
    row("  flush, beyond that", flush),
  ];
}

function settingsOf({ measured, estimates }: WhatIf): AtSetting[] {
  return [measured, ...estimates];
}

function estimate(whatIf: WhatIf): string[] {
  const rows = settingsOf(whatIf).map((setting, index) => {
    const { stopHistoryMs, final, endpointed, pauses } = setting;
    const share = pauses.sessions === 0 ? "not measured" : percent(pauses.cutSessions / pauses.sessions);
    return [
      `${formatDuration(stopHistoryMs)}, ${index === 0 ? "measured" : "estimated"}`,
      ...COLUMNS.map(([name]) => percentileText(final, name)),
      `${endpointed} of ${final.count}`,
      share,
      pauses.sessions === 0 ? "not measured" : `${pauses.extraFinals}`,
    ];
  });
  const head = ["stop_history", ...HEADINGS, "by endpointing", "split mid-speech", "extra finals"];
  return [
    "ESTIMATE, NOT MEASURED: final, from speech end, with other settings of stop_history, ms",
    ...(2 * whatIf.explained < whatIf.measured.endpointed ? [unreliable(whatIf)] : []),
    grid(head, rows, [1, 2, 3, 4, 5, 6, 7]),
    lines(["the estimate assumes that", ...assumptionsOf(whatIf).map((text) => `- ${text}`)]),
    "Measure a setting before you rely on it: recognition.endpointing.stopHistoryMs in the scenario.",
  ];
}

/** The model is about another server than this one. */
function unreliable({ explained, measured, measuredAtMs }: WhatIf): string {
  return `UNRELIABLE: the model explains only ${explained} of ${measured.endpointed} decisions. Did the server really use a stop_history of ${formatDuration(measuredAtMs)}?`;
}

function lines(texts: readonly string[]): string {
  return texts.join("\n");
}
