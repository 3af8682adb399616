import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";
import { sessionRecord } from "../../metrics/result/session-record.ts";
import { dropped, FOUR_WORDS, sketch } from "../../../test/support/timeline.ts";

let folder: string;

const SESSIONS = [
  sketch({
    seq: 1,
    latenessMs: [0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    said: [
      [290, "one", 200],
      [1080.123, "one two three four.", 1000],
    ],
  }),
  sketch({ seq: 2, latenessMs: [1.5], failure: { class: "reset" } }),
  dropped(3),
];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessions-"));
  writeFileSync(join(folder, "clips.ndjson"), `${JSON.stringify(FOUR_WORDS)}\n`);
  writeFileSync(
    join(folder, "sessions.ndjson"),
    SESSIONS.map((session) => `${JSON.stringify(sessionRecord(session))}\n`).join(""),
  );
});

afterEach(() => rmSync(folder, { recursive: true }));

test("every session is a line with its values, from the plan and from the actual sends", async () => {
  const { out, err, exitCode } = await runBench(["sessions", folder]);
  expect([err, exitCode]).toEqual(["", 0]);
  const lines = out.split("\n").map((line) => (line === "" ? undefined : (JSON.parse(line) as object)));
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatchObject({
    ...{ seq: 1, phase: "steady", stage: "main", clip: "four-words", ok: true },
    values: {
      final_from_last_chunk: 60.123,
      final_from_last_chunk_actual: 56.123,
      response_latency: [70, 60.123],
      response_latency_actual: [70, 56.123],
      send_lateness: [0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    },
  });
  expect(lines[1]).toEqual({
    ...{ seq: 2, slot: 0, phase: "steady", stage: "main", clip: "four-words", ok: false },
    failure: { phase: "streaming", class: "reset" },
    values: { send_lateness: [1.5], start_slip: 0, back_pressure: [1] },
  });
  expect(lines[2]).toMatchObject({ seq: 3, ok: false, dropped: true, values: {} });
});

test("a line that was cut short is left out and said", async () => {
  appendFileSync(join(folder, "sessions.ndjson"), '{"seq":4,"v":2,');
  const { out, err, exitCode } = await runBench(["sessions", join(folder, "sessions.ndjson")]);
  expect(out.match(/"seq"/g)).toHaveLength(3);
  expect(err).toContain("can't be read and are left out: 1");
  expect(exitCode).toBe(0);
});

test("records of version 1 have the values they were written with", async () => {
  const fixtures = new URL("../../../test/fixtures/records-v1/", import.meta.url);
  const { out } = await runBench(["sessions", fixtures.pathname]);
  const written = JSON.parse(
    readFileSync(new URL("sessions.ndjson", fixtures), "utf8").split("\n")[0] ?? "",
  ) as { values: { response_latency_actual: number[] } };
  expect(JSON.parse(out.split("\n")[0] ?? "")).toMatchObject({
    values: { response_latency_actual: written.values.response_latency_actual },
  });
});

test("a folder without records is refused with what to name", async () => {
  rmSync(join(folder, "clips.ndjson"));
  const { err, exitCode } = await runBench(["sessions", folder]);
  expect(exitCode).toBe(2);
  expect(err).toContain("holds no session records");
  expect(err).toContain("Name a run folder");
});
