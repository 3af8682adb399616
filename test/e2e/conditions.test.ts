/** The scenarios `bad-network` and `long-form`, shortened: what was put in is found again, and nothing else. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ClipFacts } from "../../src/metrics/observation/observation.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import { bench, readLines, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";

interface Run {
  result: RunResult;
  sessions: SessionRecord[];
  clips: Map<string, ClipFacts>;
}

/** Runs one of our scenarios with parts of its text replaced. */
async function shortened(
  name: string,
  replacements: readonly [RegExp, string][],
  flags: string[],
): Promise<Run> {
  const path = fileURLToPath(new URL(`../../scenarios/${name}.yaml`, import.meta.url));
  let text = readFileSync(path, "utf8");
  for (const [part, instead] of replacements) {
    expect(text).toMatch(part);
    text = text.replace(part, instead);
  }
  const folder = tempFolder();
  const scenario = join(folder, `${name}.yaml`);
  writeFileSync(scenario, text);
  return undisturbed(async () => {
    const out = join(tempFolder(), "run");
    await bench(["--scenario", scenario, "--seed", "7", "--out", out, "--quiet", ...flags]);
    const clips = readLines<ClipFacts>(join(out, "clips.ndjson")).map((clip) => [clip.id, clip] as const);
    return { ...readRun(out), clips: new Map(clips) };
  });
}

describe("bad-network", () => {
  it("every condition comes to its sessions, counts match the server's, and nobody beside them suffers", async () => {
    const { result, sessions } = await shortened(
      "bad-network",
      [
        [/duration: .*/, "duration: { warmup: 1s, steady: 9s }\naudio: { clips: { max: 5s } }"],
        [/for: 65s/, "for: 2s"],
        [/for: 15s/, "for: 3s"],
      ],
      ["--streams", "40"],
    );
    const under = (condition: string): SessionRecord[] =>
      sessions.filter(({ stage, phase }) => stage === condition && phase === "steady");
    for (const stage of [
      "main",
      "mobile",
      "lossy",
      "drifting",
      "hang-up",
      "half-open",
      "slow-reader",
      "muted",
    ])
      expect(under(stage).length, stage).toBeGreaterThan(0);

    // What was put in is planned, so it is nobody's lateness; who left is nobody's failure.
    expect(result.verdict).not.toBe("void");
    const lateness = result.validity.checks.find(({ name }) => name === "send_lateness_p99");
    expect(lateness?.verdict).not.toBe("fail");
    expect(result.metrics["error_ratio"]?.value).toBe(0);
    expect(result.byStage["main"]?.["goodput"]?.value).toBe(1);
    const held = under("mobile").flatMap(({ faults }) => Array.from(faults?.delayMs ?? []));
    expect(Math.max(...held)).toBeGreaterThan(300);
    expect(Math.max(...held)).toBeLessThanOrEqual(750);
    expect(under("main").every(({ faults }) => faults?.delayMs === undefined)).toBe(true);

    // A whole clip in a clock that is 100 ppm fast; two seconds of silence, and the audio that was left after it.
    expect(under("drifting").every(({ pace }) => pace === 1.0001)).toBe(true);
    for (const { faults, anchorMs = NaN, finishedMs = NaN, audioMs } of under("muted")) {
      expect(faults?.mute?.ms).toBe(2000);
      expect(finishedMs - anchorMs).toBeGreaterThanOrEqual(audioMs + 2000 - 0.001);
    }
    expect(under("lossy").some(({ faults }) => (faults?.lost?.length ?? 0) > 0)).toBe(true);
    for (const { failure } of [...under("hang-up"), ...under("half-open")])
      expect(failure).toMatchObject({ origin: "caller", code: "CANCELLED" });

    // Over all phases: what they call cancelled is what we cancelled; a vanished caller whom the end of the run cut short
    // is a call that they completed.
    const counted = (key: string): number => Number(result.target.server?.[`counted_${key}`]);
    expect(counted("started")).toBe(sessions.length);
    expect(counted("completed")).toBe(
      sessions.filter(({ ok, failure }) => ok || failure?.code === "OK").length,
    );
    expect(counted("cancelled")).toBe(sessions.filter(({ failure }) => failure?.code === "CANCELLED").length);
    expect(counted("failed")).toBe(0);
    const { scheduled, completed, failed, dropped, failures } = result.sessions;
    expect(completed + failed + dropped).toBe(scheduled);
    expect(failures.map(({ class: kind, count }) => [kind, count]).sort()).toEqual([
      ["half-open", under("half-open").length],
      ["hang-up", under("hang-up").length],
    ]);
  }, 180_000);
});

describe("long-form", () => {
  it("the server says all the words of the joined clips, each where we say it is", async () => {
    const { result, sessions, clips } = await shortened(
      "long-form",
      [
        [/length: 1m/, "length: 5s"],
        [/variants: 8/, "variants: 4"],
        [/padding: .*/, "padding: { after: 1s }\n  clips: { max: 4s }"],
      ],
      ["--streams", "12", "--warmup", "1s", "--duration", "12s"],
    );
    expect(result.dataset.clips).toBe(4);
    const judged = sessions.filter(({ phase }) => phase === "steady");
    expect(judged.length).toBeGreaterThanOrEqual(8);
    let finals = 0;
    for (const { clip: id, responses, ok } of judged) {
      const clip = clips.get(id);
      const said = responses.filter(({ final }) => final);
      const heard = said.flatMap(({ words = [] }) => words);
      expect(ok).toBe(true);
      expect(
        said
          .map(({ text }) => text)
          .join("")
          .trim(),
      ).toBe(clip?.text);
      expect(heard.map(({ word }) => word)).toEqual(clip?.words.map(({ word }) => word));
      for (const [i, { startMs }] of heard.entries())
        expect(Math.abs(startMs - (clip?.words[i]?.startMs ?? NaN))).toBeLessThan(150);
      finals += said.length;
    }
    // Pauses of up to two seconds end utterances: one final a session would be no long form.
    expect(finals).toBeGreaterThan(judged.length);
  }, 180_000);
});
