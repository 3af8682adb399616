import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { thrownBy } from "../../test/support/thrown.ts";
import type { Clip, Dataset } from "../base/dataset/dataset.ts";
import { loadDataset, openDataset } from "../base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../base/process/package-root.ts";
import { parseSlo } from "../metrics/judge/slo.ts";
import { planInput } from "../loadgen/plan/plan-input.ts";
import { playedClips } from "../loadgen/plan/played-clips.ts";
import {
  checkAgainstDataset,
  checkStages,
  formatScenario,
  listScenarios,
  loadScenario,
  parseScenario,
  type Scenario,
} from "./scenario.ts";

const places = { root: PACKAGE_ROOT, cwd: PACKAGE_ROOT };

const minimal = `name: mine
load: { model: concurrency, streams: 5 }
duration: { steady: 30s }
`;

describe("the scenarios that come with the package", () => {
  test("are these, in natural order", async () => {
    expect(await listScenarios(PACKAGE_ROOT)).toEqual([
      "ab",
      "accuracy-ramp",
      "bad-network",
      "calibrate",
      "capacity",
      "concurrency-1",
      "concurrency-10",
      "concurrency-50",
      "concurrency-200",
      "gateway-50",
      "gateway-soak",
      "long-form",
      "nvidia-table",
      "offline-throughput",
      "phase-sensitivity",
      "poisson-100",
      "production-validation",
      "ramp-to-break",
      "smoke",
      "soak",
      "spike",
    ]);
  });

  test("bear the name of their file, say what they are, fit the dataset and read back as themselves", async () => {
    const dataset = await loadDataset("default");
    for (const name of await listScenarios(PACKAGE_ROOT)) {
      const scenario = await loadScenario(name, places);
      expect(scenario.name).toBe(name);
      expect(scenario.description).not.toBe("");
      expect(scenario.slo.some((slo) => /^error_ratio(@main)? < 1%$/.test(slo))).toBe(true);
      const runnable = checkAgainstDataset(scenario, dataset);
      expect(parseScenario(formatScenario(runnable), "x.yaml")).toEqual(runnable);
      expect(() => checkStages(scenario.slo.map(parseSlo), scenario)).not.toThrow();
    }
  });

  test("concurrency-50 is fifty callers for a minute", async () => {
    expect(await loadScenario("concurrency-50", places)).toMatchObject({
      load: { model: "concurrency", streams: 50, rampInMs: 5000, thinkMs: 0 },
      warmupMs: 10_000,
      steadyMs: 60_000,
      drainMs: "auto",
      audio: { dataset: "default", chunkMs: 100, pace: 1, phase: "spread" },
      recognition: { language: "en-US", interim: true },
    });
  });

  test("nvidia-table is NVIDIA's procedure", async () => {
    const scenario = checkAgainstDataset(
      await loadScenario("nvidia-table", places),
      await loadDataset("default"),
    );
    expect(scenario).toMatchObject({
      load: { rampInMs: 0, iterations: 3 },
      warmupMs: 0,
      audio: { chunkMs: 160, phase: "aligned" },
      recognition: { interim: false, punctuation: true, wordTimeOffsets: false },
    });
    expect(scenario.connections.streamsPerConnection).toBe(20_000);
  });
});

test("what is left out has defaults, and nothing is undefined", () => {
  expect(parseScenario(minimal, "/somewhere/mine.yaml")).toStrictEqual({
    name: "mine",
    description: "",
    load: { model: "concurrency", streams: 5, rampInMs: 0, thinkMs: 0 },
    warmupMs: 0,
    steadyMs: 30_000,
    drainMs: "auto",
    audio: {
      dataset: "default",
      chunkMs: 100,
      encoding: "LINEAR_PCM",
      pace: 1,
      phase: "spread",
      anchor: "after-ready",
      paddingBeforeMs: 0,
      paddingAfterMs: 0,
      clips: {},
    },
    conditions: [],
    recognition: { language: "en-US", interim: true },
    transport: "auto",
    connections: { streamsPerConnection: 50 },
    session: { deadlineMs: 10_000, connectTimeoutMs: 10_000 },
    scoring: { failures: { truncated: 0.5, empty: "on", noPartial: "on", noFinal: "on" }, parity: "off" },
    slo: [],
  });
});

describe("conditions", () => {
  const under = (text: string): Scenario =>
    parseScenario(`${minimal.trim()}\nconditions:\n${text}\n`, "s.yaml");

  test("are read, whatever they hold, and written so that they read back as themselves", () => {
    const scenario = under(`
  - { name: mobile, share: 20%, jitter: { mean: 20ms }, stall: { every: 8s, for: 600ms } }
  - { name: lossy, share: 7%, loss: { every: 5s, for: 120ms }, driftPpm: -100 }
  - { name: silent, share: 0.01, mute: { after: { from: 1s, to: 2s }, for: 65s } }
  - { name: gone, share: 5%, hangUp: { after: 1500ms } }
  - { name: dead, share: 2%, halfOpen: { after: 1s, for: 20s } }
  - { name: slow, share: 5%, slowReader: { every: 2s, for: 1500ms } }`);
    expect(scenario.conditions).toEqual([
      {
        name: "mobile",
        share: 0.2,
        jitter: { meanMs: 20, maxMs: 200 },
        stall: { everyMs: 8000, forMs: 600 },
      },
      { name: "lossy", share: 0.07, loss: { everyMs: 5000, forMs: 120 }, driftPpm: -100 },
      { name: "silent", share: 0.01, mute: { after: { fromMs: 1000, toMs: 2000 }, forMs: 65_000 } },
      { name: "gone", share: 0.05, hangUp: { after: { fromMs: 1500, toMs: 1500 } } },
      { name: "dead", share: 0.02, halfOpen: { after: { fromMs: 1000, toMs: 1000 }, forMs: 20_000 } },
      { name: "slow", share: 0.05, slowReader: { everyMs: 2000, forMs: 1500 } },
    ]);
    expect(parseScenario(formatScenario(scenario), "s.yaml")).toEqual(scenario);
  });

  test("make stages that gates may name, and an automatic drain long enough", async () => {
    const scenario = under("  - { name: silent, share: 1%, mute: { after: 1s, for: 65s } }");
    expect(() => checkStages([parseSlo("error_ratio@silent < 1%")], scenario)).not.toThrow();
    expect(thrownBy(() => checkStages([parseSlo("error_ratio@loud < 1%")], scenario)).hint).toBe(
      "It has main, silent.",
    );
    const dataset = await loadDataset("default");
    const plain = checkAgainstDataset(parseScenario(minimal, "s.yaml"), dataset);
    expect(checkAgainstDataset(scenario, dataset).drainMs).toBe(plain.drainMs + 65_000);
  });

  test.each<[string, string, RegExp]>([
    [
      "no fault",
      "  - { name: x, share: 1% }",
      /conditions\.0: condition x has no fault; known are jitter, stall/,
    ],
    [
      "unknown fault",
      "  - { name: x, share: 1%, hangup: { after: 1s } }",
      /conditions\.0\.hangup: unknown key; did you mean hangUp/,
    ],
    [
      "more than all",
      "  - { name: x, share: 60%, driftPpm: 1 }\n  - { name: y, share: 60%, driftPpm: 1 }",
      /shares add up to 120\.0 %/,
    ],
    [
      "one name twice",
      "  - { name: x, share: 1%, driftPpm: 1 }\n  - { name: x, share: 1%, driftPpm: 1 }",
      /the same name/,
    ],
    [
      "two ways to leave",
      "  - { name: x, share: 1%, hangUp: { after: 1s }, halfOpen: { after: 1s, for: 1s } }",
      /hangs up or vanishes/,
    ],
    ["a stage's name", "  - { name: main, share: 1%, driftPpm: 1 }", /is the name of a stage/],
    [
      "no share",
      "  - { name: x, share: 0, driftPpm: 1 }",
      /conditions\.0\.share: 0 must be a share such as 10%/,
    ],
    [
      "backwards",
      "  - { name: x, share: 1%, hangUp: { after: { from: 2s, to: 1s } } }",
      /`from` must not be after `to`/,
    ],
  ])("%s is refused", (_, text, message) => {
    expect(thrownBy(() => under(text)).message).toMatch(message);
  });

  test("need the pace of a microphone", () => {
    const offline = minimal.replace("concurrency", "offline");
    const text = `${offline.trim()}\nconditions: [{ name: x, share: 1%, driftPpm: 1 }]\n`;
    expect(thrownBy(() => parseScenario(text, "s.yaml")).message).toMatch(/the load model offline has none/);
  });
});

describe("long recordings", () => {
  const long = (text: string): Scenario =>
    parseScenario(`${minimal.trim()}\naudio: { longForm: ${text} }\n`, "s.yaml");

  test("are read and written so that they read back as themselves", () => {
    expect(long("{ length: 2m }").audio.longForm).toEqual({
      lengthMs: 120_000,
      pauseMs: { from: 500, to: 2000 },
      variants: 8,
    });
    const scenario = long("{ length: 30s, pause: 1s, variants: 3 }");
    expect(scenario.audio.longForm).toEqual({
      lengthMs: 30_000,
      pauseMs: { from: 1000, to: 1000 },
      variants: 3,
    });
    expect(parseScenario(formatScenario(scenario), "s.yaml")).toEqual(scenario);
  });

  test("are what is played, and what the drain is long enough for", async () => {
    const dataset = await openDataset("default");
    const scenario = checkAgainstDataset(long("{ length: 30s, pause: 1s, variants: 3 }"), dataset);
    const played = playedClips(dataset, scenario.audio, 7);
    expect(played.clips.map(({ id }) => id)).toEqual(["long-1", "long-2", "long-3"]);
    const longestMs = Math.max(...played.clips.map(({ audioMs }) => audioMs));
    expect(scenario.drainMs).toBeGreaterThanOrEqual(longestMs + 10_000);
    expect(planInput(scenario, played)).toMatchObject({ clipIds: ["long-1", "long-2", "long-3"] });
  });

  test("play each clip as often as the others", () => {
    const text = `${minimal.trim()}\naudio: { longForm: { length: 1m }, mix: { a: 2 } }\n`;
    expect(thrownBy(() => parseScenario(text, "s.yaml")).message).toMatch(/leave audio\.mix out/);
  });
});

describe("encodings", () => {
  const coded = (text: string): Scenario => parseScenario(`${minimal.trim()}\naudio: ${text}\n`, "s.yaml");

  test("that can't be cut as asked are refused before the run", async () => {
    const dataset = await loadDataset("default");
    expect(() => checkAgainstDataset(coded("{ encoding: OGGOPUS, chunk: 160ms }"), dataset)).not.toThrow();
    expect(
      thrownBy(() => checkAgainstDataset(coded("{ encoding: OGGOPUS, chunk: 25ms }"), dataset)).message,
    ).toMatch(/scenario mine: clip .*: OGGOPUS is made of frames/);
    expect(thrownBy(() => coded("{ encoding: MP3 }")).message).toMatch(/audio\.encoding: must be LINEAR_PCM/);
  });

  test("whose chunks follow from each other can't lose one", () => {
    const loss = "conditions: [{ name: x, share: 1%, loss: { every: 1s, for: 100ms } }]";
    expect(thrownBy(() => coded(`{ encoding: FLAC }\n${loss}`)).message).toMatch(
      /loss can't be put into FLAC/,
    );
    expect(() => coded(`{ encoding: ALAW }\n${loss}`)).not.toThrow();
  });
});

test("a dataset's path counts from the scenario's file", () => {
  const text = `${minimal}audio: { dataset: ../calls }\n`;
  expect(parseScenario(text, "/data/scenarios/mine.yaml").audio.dataset).toBe(join("/data", "calls"));
});

describe("errors name file, line, column and key", () => {
  const withLine = (line: string): string => `${minimal.trim()}\n${line}\n`;
  test.each<[string, string, RegExp]>([
    [
      "unknown key",
      withLine("audio: { chunks: 100ms }"),
      /^s\.yaml:4:10: audio\.chunks: unknown key; did you mean chunk\?/,
    ],
    ["unknown top key", withLine("slos: []"), /^s\.yaml:4:1: slos: unknown key; did you mean slo\?/],
    ["alien key", withLine("colour: red"), /^s\.yaml:4:1: colour: unknown key; known are name, /],
    [
      "negative number",
      minimal.replace("5", "-5"),
      /^s\.yaml:2:29: load\.streams: must be a whole number from 1 to 20000/,
    ],
    ["absurd number", minimal.replace("5", "1e9"), /load\.streams: must be a whole number/],
    ["fraction", minimal.replace("5", "1.5"), /load\.streams: must be a whole number/],
    ["text for a number", minimal.replace("5", "many"), /load\.streams: must be a whole number/],
    [
      "no duration",
      minimal.replace("30s", "soon"),
      /^s\.yaml:3:13: duration\.steady: "soon" is not a duration/,
    ],
    ["absurd duration", minimal.replace("30s", "800h"), /duration\.steady: "800h" must be 1s to 168h/],
    ["short chunk", withLine("audio: { chunk: 5ms }"), /audio\.chunk: "5ms" must be 20ms to 1s/],
    ["zero pace", withLine("audio: { pace: 0 }"), /audio\.pace: must be 0\.1 to 100/],
    ["unknown phase", withLine("audio: { phase: mixed }"), /audio\.phase: must be aligned, spread or random/],
    [
      "unknown model",
      minimal.replace("concurrency", "no-such-model-at-all"),
      /load\.model: unknown load model; known are concurrency, /,
    ],
    ["a slip in the model", minimal.replace("concurrency", "concurency"), /did you mean concurrency\?$/],
    [
      "a word for a load",
      minimal.replace(/\{ model.*/, "concurrency"),
      /load: must be keys with values, such as/,
    ],
    [
      "a number for keys",
      minimal.replace(/\{ steady.*/, "5"),
      /duration: must be keys with values .*, not a number$/,
    ],
    ["missing key", minimal.replace("duration: { steady: 30s }", ""), /^s\.yaml:1:1: duration: is missing/],
    [
      "missing inner key",
      minimal.replace("steady: 30s", ""),
      /^s\.yaml:3:1: duration\.steady: must be a duration/,
    ],
    ["not a mapping", "- a\n- b\n", /^s\.yaml:1:1: must be keys with values .*, not a list/],
    ["broken YAML", "name: [a\nload: 3\n", /^s\.yaml:\d+:\d+: not valid YAML/],
    ["a key twice", `${minimal}name: again\n`, /^s\.yaml:4:1: not valid YAML: .*unique/],
    ["empty", "", /^s\.yaml:1:1: must be keys with values .*, not nothing/],
  ])("%s", (_, text, message) => {
    const error = thrownBy(() => parseScenario(text.trim(), "s.yaml"));
    expect(error.message).toMatch(message);
    expect(error.exitCode).toBe(2);
  });

  test("several problems are told at once", () => {
    const error = thrownBy(() =>
      parseScenario("name: A\nload: { model: concurrency, streams: 0 }", "s.yaml"),
    );
    expect(error.message.split("\n")).toHaveLength(3);
  });
});

test("an unknown name is answered with the nearest", async () => {
  await expect(loadScenario("concurency-50", places)).rejects.toMatchObject({
    message: 'unknown scenario "concurency-50"',
    hint: 'Did you mean "concurrency-50"?',
    exitCode: 2,
  });
  await expect(loadScenario("./gone.yaml", places)).rejects.toMatchObject({ exitCode: 2 });
});

describe("flags", () => {
  test("replace values, add gates, and move what follows from them", () => {
    const overrides = { streams: 7, duration: "2m", warmup: 4, chunk: "160ms", slo: ["rtfx > 1"] };
    expect(parseScenario(`${minimal}slo: [error_ratio < 1%]`, "s.yaml", overrides)).toMatchObject({
      load: { streams: 7, rampInMs: 2000 },
      warmupMs: 4000,
      steadyMs: 120_000,
      audio: { chunkMs: 160 },
      slo: ["error_ratio < 1%", "rtfx > 1"],
    });
  });

  test.each([
    [{ streams: 0 }, "--streams 0: must be a whole number from 1 to 20000"],
    [{ streams: NaN }, "--streams NaN: must be a whole number from 1 to 20000"],
    [{ duration: "-3s" }, '--duration -3s: "-3s" is not a duration such as 20, 20s, 2m or 500ms'],
    [{ chunk: "2s" }, '--chunk 2s: "2s" must be 20ms to 1s'],
  ])("%j is refused by its own name", (overrides, message) => {
    expect(thrownBy(() => parseScenario(minimal, "s.yaml", overrides)).message).toBe(message);
  });
});

describe("windows against the audio", () => {
  const clip = (audioMs: number): Clip => ({
    id: `c${audioMs}`,
    pcm: new Uint8Array(2),
    sampleRateHz: 16_000,
    audioMs,
    onsetMs: 0,
    speechEndMs: audioMs,
    words: [],
  });
  const dataset: Dataset = { name: "d", clips: [clip(3000), clip(8000)], audioSeconds: 11, sha256: "" };
  const scenario = (more: string): ReturnType<typeof parseScenario> =>
    parseScenario(`${minimal}${more}`, "s.yaml");

  test("an automatic drain is the longest clip as sent, and the session deadline", () => {
    const audio = "audio: { pace: 2, padding: { before: 1s, after: 1s } }\nsession: { deadline: 3s }";
    expect(checkAgainstDataset(scenario(audio), dataset).drainMs).toBe(10_000 / 2 + 3000);
    expect(checkAgainstDataset(scenario("audio: { clips: { max: 4s } }"), dataset).drainMs).toBe(13_000);
  });

  test("a drain shorter than the longest clip is refused", () => {
    const short = parseScenario(minimal.replace("30s }", "30s, drain: 7s }"), "s.yaml");
    expect(thrownBy(() => checkAgainstDataset(short, dataset)).message).toMatch(
      /drain is 7\.0 s, the longest session takes 8\.0 s/,
    );
    const enough = parseScenario(minimal.replace("30s }", "30s, drain: 8s }"), "s.yaml");
    expect(checkAgainstDataset(enough, dataset).drainMs).toBe(8000);
  });

  test("iterations must fit the window", () => {
    const many = parseScenario(minimal.replace("5 }", "5, iterations: 4 }"), "s.yaml");
    expect(thrownBy(() => checkAgainstDataset(many, dataset)).message).toMatch(/4 iterations take 32\.0 s/);
  });

  test("a selection that leaves nothing is refused", () => {
    expect(() => checkAgainstDataset(scenario("audio: { clips: { max: 1s } }"), dataset)).toThrow(/no clip/);
  });
});
