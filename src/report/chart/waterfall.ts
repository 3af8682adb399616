/** One session drawn over its time: speech, chunks as due and as sent, responses, and the waits that people feel. */
import { sessionValue } from "../../metrics/catalogue/values-by-name.ts";
import { planned } from "../../metrics/observation/moments.ts";
import { chunkTimes, failureOf, type Observation } from "../../metrics/observation/observation.ts";
import type { Frame } from "./chart-frame.ts";
import { round, xTick } from "./chart-frame.ts";
import { axisTicks, timeUnit } from "./chart-scale.ts";
import { markup, type Markup } from "../words/markup.ts";
import { short } from "../words/wording.ts";

const LANES = ["speech", "due", "sent", "responses", "waits"] as const;
type Lane = (typeof LANES)[number];

const LANE_HEIGHT = 22;
const FRAME: Frame = {
  width: 560,
  height: LANES.length * LANE_HEIGHT + 30,
  left: 80,
  right: 550,
  top: 4,
  bottom: LANES.length * LANE_HEIGHT + 6,
};

/** As many ticks as can be seen apart; of longer sessions the latest of every few chunks is drawn. */
const MOST_TICKS = 230;
/** A chunk that left so much later than it was to be sent [P_k] is drawn as late. What a fault held back is not. */
const LATE_MS = 20;

/** Undefined for a session that did nothing. @param id unique in the page */
export function waterfall(session: Observation, id: string): Markup | undefined {
  const { dueMs: due, plannedMs } = chunkTimes(session);
  const sent = Array.from(session.sentMs);
  if (due.length === 0 && sent.length === 0 && session.responses.length === 0) return undefined;
  const fromMs = session.anchorMs ?? session.startedMs ?? session.scheduledMs;
  const ends = [session.endedMs, session.finishedMs, due.at(-1), sent.at(-1), session.responses.at(-1)?.atMs];
  const lengthMs = Math.max(1, ...ends.map((ms) => (ms ?? fromMs) - fromMs));
  const x = (ms: number): number =>
    round(FRAME.left + ((ms - fromMs) / lengthMs) * (FRAME.right - FRAME.left));
  const unit = lengthMs < 500 ? { name: "ms", ms: 1 } : timeUnit(lengthMs);
  const timeAxis = axisTicks(0, lengthMs / unit.ms, 7)
    .filter((tick) => tick * unit.ms <= lengthMs)
    .map((tick) => xTick(FRAME, `${tick} ${unit.name}`, x(fromMs + tick * unit.ms)));
  const every = Math.ceil(Math.max(due.length, sent.length) / MOST_TICKS);
  const latenessMs = (k: number): number => (sent[k] ?? NaN) - (plannedMs[k] ?? NaN);
  const drawn = latestOfEach(every, sent.length, latenessMs);
  const [late, onTime] = [true, false].map((wanted) =>
    drawn.flatMap((k) => (latenessMs(k) > LATE_MS === wanted ? (sent[k] ?? []) : [])),
  );
  const failedMs = failureOf(session) === undefined ? undefined : (session.endedMs ?? fromMs + lengthMs);
  return markup`<div class="wide" tabindex="0" role="region" aria-label="session ${session.seq} over its time"><svg class="waterfall" viewBox="0 0 ${FRAME.width} ${FRAME.height}" role="img" aria-labelledby="${id}-desc">
<desc id="${id}-desc">${description(session, sent)}</desc>
${LANES.map((name, lane) => markup`<path class="grid" d="M${FRAME.left} ${(lane + 1) * LANE_HEIGHT + 4}H${FRAME.right}"/><text x="${FRAME.left - 10}" y="${middle(name) + 4}" class="end">${name}</text>\n`)}
${timeAxis}
${speech(session, x)}<path class="chunk" d="${ticks("due", thinned(due, every), x)}"/>
<path class="chunk sent" d="${ticks("sent", onTime, x)}"/><path class="chunk late" d="${ticks("sent", late, x)}"/>
${responses(session, x)}${waits(session, x)}${
    failedMs === undefined
      ? undefined
      : markup`<path class="failed" d="M${x(failedMs)} ${FRAME.top}V${FRAME.bottom}"/>`
  }</svg></div>
`;
}

function middle(lane: Lane): number {
  return LANES.indexOf(lane) * LANE_HEIGHT + FRAME.top + LANE_HEIGHT / 2;
}

function thinned(times: readonly number[], every: number): number[] {
  return times.filter((_, k) => k % every === 0);
}

/** Of every `size` chunks the one that left latest. */
function latestOfEach(size: number, count: number, latenessMs: (k: number) => number): number[] {
  const latest: number[] = [];
  for (let from = 0; from < count; from += size) {
    let most = from;
    for (let k = from + 1; k < Math.min(count, from + size); k++)
      if (latenessMs(k) > latenessMs(most)) most = k;
    latest.push(most);
  }
  return latest;
}

function ticks(lane: Lane, times: readonly number[] = [], x: (ms: number) => number): string {
  return times.map((ms) => `M${x(ms)} ${middle(lane) - 5}v10`).join("");
}

/** Where the clip holds speech. */
function speech(session: Observation, x: (ms: number) => number): Markup | undefined {
  const at = speechAt(session);
  if (at === undefined) return undefined;
  return bar("speech", "speech", x(at.onsetMs), x(at.endMs));
}

function speechAt(session: Observation): { onsetMs: number; endMs: number } | undefined {
  const onsetMs = planned(session, session.clip.onsetMs);
  const endMs = planned(session, session.clip.speechEndMs);
  if (onsetMs === undefined || endMs === undefined || session.pace === Infinity) return undefined;
  return { onsetMs, endMs };
}

/** Dots: hollow without text, full with text, a diamond for a final. */
function responses({ responses: all }: Observation, x: (ms: number) => number): Markup {
  const y = middle("responses");
  const every = Math.ceil(all.length / MOST_TICKS);
  const dots = all.flatMap(({ atMs, final, text }, index) => {
    if (final) return [markup`<path class="final" d="M${x(atMs)} ${y - 6}l6 6l-6 6l-6-6z"/>`];
    if (index % every !== 0) return [];
    return [
      markup`<circle class="${text.trim() === "" ? "blank" : "partial"}" cx="${x(atMs)}" cy="${y}" r="3"/>`,
    ];
  });
  return markup`${dots}\n`;
}

/** What the caller waited for, as bars with their length in words. */
function waits(session: Observation, x: (ms: number) => number): Markup[] {
  const at = speechAt(session);
  if (at === undefined) return [];
  const wait = (metric: string, label: string, fromMs: number): Markup[] => {
    const ms = sessionValue(metric, session);
    if (ms === undefined || ms <= 0) return [];
    const [from, to] = [x(fromMs), x(fromMs + ms)];
    // To the left of a bar that ends near the right edge.
    const beside = to > FRAME.right - 100 ? { at: from - 5, side: "end" } : { at: to + 5, side: "" };
    return [
      bar("waits", `wait ${metric === "final_from_speech_end" ? "last" : "first"}`, from, to),
      markup`<text x="${beside.at}" y="${middle("waits") + 4}" class="${beside.side}">${label} ${short(ms)} ms</text>\n`,
    ];
  };
  return [
    ...wait("first_partial_from_onset", "partial", at.onsetMs),
    ...wait("final_from_speech_end", "final", at.endMs),
  ];
}

function bar(lane: Lane, name: string, from: number, to: number): Markup {
  return markup`<rect class="${name}" x="${from}" y="${middle(lane) - 5}" width="${round(Math.max(1, to - from))}" height="10" rx="2"/>`;
}

function description(session: Observation, sent: readonly number[]): string {
  const { responses: all, chunks } = session;
  const failure = failureOf(session);
  const finals = all.filter(({ final }) => final).length;
  const end = failure === undefined ? "completed" : `failed: ${failure.class} in ${failure.phase}`;
  return `${sent.length} of ${chunks} chunks sent, ${all.length} responses of which ${finals} final; ${end}.`;
}
