/** What the whole run amounts to: one value each, over the steady window. */
import { failedBy, notOfTarget } from "../observation/counts.ts";
import type { RunMetric } from "./metric.ts";

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

export const RUN_METRICS: readonly RunMetric[] = [
  {
    name: "error_ratio",
    unit: "ratio",
    better: "lower",
    per: "run",
    byStage: true,
    certainEarly: true,
    help:
      "Failed sessions / scheduled sessions of the window. Sessions that the generator itself spoiled, and those whose " +
      "caller left on purpose (conditions hangUp and halfOpen), stay in the denominator and are not counted against the server.",
    from: ({ steady }) => ratio(steady.failed - notOfTarget(steady), steady.scheduled),
  },
  {
    name: "goodput",
    unit: "ratio",
    better: "higher",
    per: "run",
    byStage: true,
    certainEarly: true,
    help:
      "Sessions without error that meet every SLO / sessions scheduled in the window, missed starts included, those " +
      "left out whose caller left on purpose. A session " +
      "meets a percentile or max SLO when its own value is within the limit; where it has many values, when the share of " +
      "them beyond the limit is no more than the percentile allows (none for max). Other SLOs say nothing of one session.",
    from: ({ steady, good }) => ratio(good, steady.scheduled - failedBy(steady, "caller")),
  },
  {
    name: "rtfx",
    unit: "x",
    better: "higher",
    per: "run",
    help:
      "Audio of error-free sessions whose last final arrived in the window / length of the window. At real-time pace its " +
      "ceiling is the mean number of sending sessions, which no server can pass: it is a throughput and no sign of health.",
    from: ({ sums, windowMs }) =>
      // Audio without a pace is another experiment, with a name of its own.
      sums.finishedUnpacedAudioMs > 0 ? undefined : ratio(sums.finishedAudioMs, windowMs),
  },
  {
    name: "rtfx_offline",
    unit: "x",
    better: "higher",
    per: "run",
    help:
      "Audio of error-free sessions without pace (load model offline) whose last final arrived in the window / length of " +
      "the window: how fast the server works when audio comes as fast as it takes it. Not to be compared with rtfx.",
    from: ({ sums, windowMs }) =>
      sums.finishedUnpacedAudioMs > 0 ? ratio(sums.finishedUnpacedAudioMs, windowMs) : undefined,
  },
  {
    name: "keep_up",
    unit: "ratio",
    better: "higher",
    per: "run",
    help:
      "Rate at which the server advances through the audio while it is being sent: sum of (p_last - p_first) / sum of " +
      "v (R_last - R_first), over the responses with audio_processed between a session's first one and its X_eos, sessions " +
      "of the window; p counts in whole chunks of the client, and of the responses of a chunk the last. 1 is keeping up, 0.5 " +
      "twice too much load; below 0.98 is falling behind. Not reported without audio_processed, nor where a server is so " +
      "late that no session hears from it twice before its X_eos. Callers who wait for their finals relieve a server: at " +
      "1 it can be late all the same, and how late the latencies say.",
    from: ({ sums }) => ratio(sums.advancedAudioMs, sums.recordedAudioMs),
  },
  {
    name: "concurrency",
    unit: "count",
    better: "neither",
    per: "run",
    help:
      "Time-weighted mean of the sessions open in the window, each from t0 to R_end (to its final, not to the end of " +
      "sending). max: the most that were open at any whole second. In an open load it grows with the wait of an overloaded " +
      "server; in a closed one it is the number of callers, whatever the server does.",
    from: ({ sums, windowMs }) => ratio(sums.openMs, windowMs),
  },
  {
    name: "late_starts",
    unit: "count",
    better: "lower",
    per: "run",
    notForGates: "it is the generator's own lateness: the run's validity judges it",
    help: "Sessions of the window that began more than 50 ms after their planned start. Open loads: decides validity.",
    from: ({ sums }) => sums.lateStarts,
  },
  {
    name: "premature_partials",
    unit: "count",
    better: "lower",
    per: "run",
    certainEarly: true,
    help: "Responses with text that came before the speech began: counted, never used as a first partial.",
    from: ({ sums }) => sums.prematurePartials,
  },
  {
    name: "nvidia_compat_unpaired",
    unit: "count",
    better: "lower",
    per: "run",
    certainEarly: true,
    help: "Completed sessions left out of the nvidia_compat latencies because responses and chunks could not be paired.",
    from: ({ sums }) => sums.unpaired,
  },
  {
    name: "rtfx_nvidia_compat",
    unit: "x",
    better: "higher",
    per: "run",
    notForGates: "it counts the audio of failed sessions; use rtfx",
    help:
      "Audio sent by all sessions of the run, failed ones too / time from the first start to the last end. How much was " +
      "asked, not how much was answered: an open load reads the same on a server that answers nobody.",
    from: ({ sums: { sentAudioMs, firstStartMs = 0, lastEndMs = 0 } }) =>
      ratio(sentAudioMs, lastEndMs - firstStartMs),
  },
];
