import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { simulateEndpointing } from "../../../test/support/endpointing-server.ts";
import { runBench } from "../../../test/support/fake-world.ts";
import { PASSED } from "../../../test/support/sample-result.ts";
import { FOUR_WORDS, sketch } from "../../../test/support/timeline.ts";
import type { Observation } from "../../metrics/observation/observation.ts";
import { inMicroseconds, sessionRecord } from "../../metrics/result/session-record.ts";

const CLIP = { ...FOUR_WORDS, audioMs: 3000 };
const SERVER = { clip: CLIP, stepMs: 160, computeMs: 10, flushMs: 20, stopHistoryMs: 800 };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "endpointing-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A run folder whose scenario had this under `recognition`. */
function stored(recognition: object, sessions: readonly Observation[], verdict = PASSED.verdict): void {
  const scenario = { ...(PASSED.scenario as object), recognition };
  writeFileSync(join(folder, "result.json"), JSON.stringify({ ...PASSED, scenario, verdict }));
  writeFileSync(join(folder, "clips.ndjson"), `${JSON.stringify(CLIP)}\n`);
  writeFileSync(
    join(folder, "sessions.ndjson"),
    sessions.map((one) => `${JSON.stringify(sessionRecord(inMicroseconds(one)))}\n`).join(""),
  );
}

const AT_800 = { endpointing: { stopHistoryMs: 800 } };
const SESSIONS = [1, 2, 3].map((seq) => ({ ...simulateEndpointing(SERVER), seq }));

test("the wait of a run is printed in its parts, with the server's mark", async () => {
  stored({}, SESSIONS);
  const { out, err, exitCode } = await runBench(["endpointing", folder]);
  expect([err, exitCode]).toEqual(["", 0]);
  expect(out).toMatch(/emulator-nim \(emulated\)/);
  expect(out).toMatch(/by endpointing +3 +~830 /);
  expect(out).toMatch(/endpointing wait +3 +~800 /);
  expect(out).toMatch(/compute, as for any answer +3 +~10\.0 /);
  expect(out).toMatch(/flush, beyond that +3 +~20\.0 /);
  expect(out).not.toMatch(/estimate/i);
});

test("an estimate is called one, beside what was measured and what it rests on", async () => {
  stored(AT_800, SESSIONS);
  const { out, err, exitCode } = await runBench(["endpointing", folder, "--stop-history", "400ms,0.8s"]);
  expect([err, exitCode]).toEqual(["", 0]);
  expect(out).toContain("ESTIMATE, NOT MEASURED");
  expect(out).toMatch(/800ms, measured +~830 .* 3 of 3 +0\.00 % +0/);
  expect(out).toMatch(/400ms, estimated +~530 /);
  expect(out).toMatch(/800ms, estimated +~830 /);
  expect(out).toContain("every 160 ms of audio");
  expect(out).toContain("Measure a setting before you rely on it");
});

test("as JSON", async () => {
  stored({}, SESSIONS);
  const flags = ["--stop-history", "400ms", "--measured-at", "800ms", "--json"];
  const { out } = await runBench(["endpointing", folder, ...flags]);
  expect(JSON.parse(out)).toMatchObject({
    ...{ run: PASSED.run.id, target: { emulated: true }, sessions: 3, notApart: [] },
    endpointed: { audio: { unit: "ms", count: 3, p50: 800 } },
    whatIf: {
      ...{ estimate: true, measuredAtMs: 800, stepMs: 160, explained: 3 },
      measured: { stopHistoryMs: 800, final: { p50: 830 } },
      estimates: [{ stopHistoryMs: 400, final: { p50: 530 }, pauses: { sessions: 3, extraFinals: 0 } }],
      assumptions: expect.arrayContaining([expect.stringContaining("160 ms")]) as string[],
    },
  });
});

test("why a wait is not measured is said, and how many sessions it was", async () => {
  const positionless = SESSIONS[0]!.responses.map(({ atMs, final, text }) => ({ atMs, final, text }));
  stored({}, [...SESSIONS, { ...SESSIONS[0]!, seq: 4, responses: positionless }]);
  const { out } = await runBench(["endpointing", folder]);
  expect(out).toMatch(/not measured in 1 of 4 sessions: .*audio_processed/);
});

test("a void run is called void", async () => {
  stored({}, SESSIONS, "void");
  expect((await runBench(["endpointing", folder])).out).toContain("can't be believed");
});

const ESTIMATE = ["--stop-history", "400ms"];

test.each<[string, object, readonly Observation[], readonly string[], RegExp]>([
  ["an unknown setting of the run", {}, SESSIONS, ESTIMATE, /set no stop_history[^]*--measured-at/],
  [
    "another setting than the scenario's",
    AT_800,
    SESSIONS,
    [...ESTIMATE, "--measured-at", "500ms"],
    /asked for a stop_history of 800ms/,
  ],
  [
    "finals that the client asked for",
    { ...AT_800, runtimeConfig: { force_eou: "true" } },
    SESSIONS,
    ESTIMATE,
    /force_eou/,
  ],
  [
    "no final by endpointing",
    AT_800,
    [
      sketch({
        said: [
          [900, "one two", 800],
          [1100, "one two three four.", 3000],
        ],
        clip: CLIP,
      }),
    ].map((one) => ({
      ...one,
      finishedMs: 1050,
    })),
    ESTIMATE,
    /no final of this run came by the server's endpointing \(1 came at the end of the stream\)[^]*padding/,
  ],
  [
    "finals alone",
    AT_800,
    SESSIONS.map((one) => ({ ...one, responses: one.responses.filter(({ final }) => final) })),
    ESTIMATE,
    /can be modelled: too few partials/,
  ],
  ["no session", AT_800, [], ESTIMATE, /no completed session/],
  ["no duration", AT_800, SESSIONS, ["--stop-history", "400ms,soon"], /--stop-history soon: not a duration/],
  [
    "a setting of nothing",
    AT_800,
    SESSIONS,
    ["--stop-history", "0"],
    /--stop-history 0s?: must be 1ms to 1m/,
  ],
])("refuses %s", async (_, recognition, sessions, flags, message) => {
  stored(recognition, sessions);
  const { out, err, exitCode } = await runBench(["endpointing", folder, ...flags]);
  expect([out, exitCode]).toEqual(["", 2]);
  expect(err).toMatch(message);
});

test("a folder without records, or with records of another kind, is refused", async () => {
  stored(AT_800, SESSIONS);
  writeFileSync(join(folder, "sessions.ndjson"), `{"seq":1,"v":99}\n`);
  expect(await runBench(["endpointing", folder])).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining("no completed session") as string,
  });
  rmSync(join(folder, "sessions.ndjson"));
  expect(await runBench(["endpointing", folder])).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining("holds no session records") as string,
  });
});
