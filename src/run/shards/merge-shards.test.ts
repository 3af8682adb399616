import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeServer } from "../../../test/support/fake-transport.ts";
import { runBench } from "../../../test/support/fake-world.ts";
import type { SimulatedRun } from "../../../test/support/simulated-shard.ts";
import { simulateRun } from "../../../test/support/simulated-shard.ts";
import type { Failure } from "../../base/outcome.ts";
import { parseRunResult } from "../../metrics/result/read-result.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import type { SessionRecord } from "../../metrics/result/session-record.ts";

const CLOSED = "{ model: concurrency, streams: 10, rampIn: 1s }";
const OPEN = "{ model: poisson, rate: 4 }";
const failure: Failure = {
  phase: "streaming",
  class: "internal",
  origin: "server",
  code: "INTERNAL",
  message: "",
};
/** Fails by what is asked, not by when, so that it fails the same sessions of any number of shards. */
const FLAKY: FakeServer = {
  ...{ readyMs: 7, partialMs: 60, finalMs: 90 },
  fail: ({ requestId }) =>
    Number(requestId.split("/")[2]) % 7 === 0 ? { afterMs: 500, failure } : undefined,
};

let cwd: string;
beforeAll(() => (cwd = mkdtempSync(join(tmpdir(), "merge-"))));
afterAll(() => rmSync(cwd, { recursive: true }));

function simulate(id: string, rest: Omit<Partial<SimulatedRun>, "id" | "folder"> = {}): Promise<RunResult> {
  return simulateRun({ load: OPEN, server: FLAKY, ...rest, id, folder: join(cwd, id) });
}

async function shards(
  prefix: string,
  of: number,
  rest: Parameters<typeof simulate>[1] = {},
): Promise<string[]> {
  const ids = Array.from({ length: of }, (_, index) => `${prefix}-${index + 1}`);
  // Machines differ in size.
  for (const [index, id] of ids.entries())
    await simulate(id, { workers: 1 + (index % 2), ...rest, part: { index, of } });
  return ids;
}

interface Merged {
  result: RunResult;
  exitCode: number;
  err: string;
}

let merges = 0;

async function merge(ids: readonly string[]): Promise<Merged & { out: string }> {
  const out = join(cwd, `merged-${++merges}`);
  const { err, exitCode } = await runBench(["merge", ...ids, "--out", out], { cwd });
  return { result: resultIn(out), exitCode, err, out };
}

function resultIn(folder: string): RunResult {
  return parseRunResult(readFileSync(join(folder, "result.json"), "utf8"), folder);
}

function sessionsIn(folder: string): SessionRecord[] {
  const lines = readFileSync(join(folder, "sessions.ndjson"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as SessionRecord);
}

/** Which sessions of the window there are, and what was to be played when. */
function planned(folder: string): unknown[] {
  return sessionsIn(folder)
    .filter(({ phase }) => phase !== "drain")
    .sort((a, b) => a.seq - b.seq)
    .map(({ seq, phase, clip, stage, chunks, scheduledMs }) => ({
      seq,
      phase,
      clip,
      stage,
      chunks,
      scheduledMs,
    }));
}

/** Without what also counts sessions outside the window, and with fractions as far as they don't depend on the order they are added in. */
function figures({ metrics }: RunResult): unknown {
  return Object.entries(metrics)
    .filter(([name]) => name !== "rtfx_nvidia_compat")
    .map(([name, { value, ...metric }]) => [
      name,
      metric,
      value === undefined ? value : value.toPrecision(12),
    ]);
}

it.each([
  ["closed", CLOSED],
  ["open", OPEN],
])(
  "shards of a plan with a %s load, put together, are the run that one machine makes",
  async (name, load) => {
    const whole = await simulate(`whole-${name}`, { load });
    const parts = await shards(`part-${name}`, 4, { load });
    const { result, exitCode, err, out } = await merge(parts);
    expect(err).toBe("");
    expect(exitCode).toBe(0);
    expect(result.verdict).toBe("pass");
    expect(result.run.planHash).toBe(whole.run.planHash);
    expect(planned(out).length).toBeGreaterThan(30);
    expect(planned(out)).toEqual(planned(join(cwd, `whole-${name}`)));
    const { failures, ...counts } = result.sessions;
    expect(counts).toEqual({ ...whole.sessions, failures: undefined });
    expect(failures.map(({ count }) => count)).toEqual(whole.sessions.failures.map(({ count }) => count));
    expect(figures(result)).toEqual(figures(whole));
    expect(result.validity.status).toBe(whole.validity.status);
    // Every point of the timeline has the sessions that ended in it, not those of one shard after those of another.
    const endedIn = (second: number): number =>
      sessionsIn(out).filter(({ ok, endedMs = NaN }) => ok && Math.floor(endedMs / 1000) === second).length;
    expect(result.timeline.map(({ ended }) => ended.completed)).toEqual(
      result.timeline.map((_, at) => endedIn(at)),
    );
    expect(result.run.shards).toMatchObject({ count: 4, missing: [], startSpreadMs: 0 });
    expect(result.run.workers).toBe(6);
    expect(result.run.shard).toBeUndefined();
    expect(readFileSync(join(out, "histograms.hlog"), "utf8").split("\n").length).toBeGreaterThan(20);
    expect(existsSync(join(out, "report.html"))).toBe(true);
  },
  60_000,
);

describe("shards that are not all there", () => {
  let parts: string[];
  let closed: string[];
  beforeAll(async () => {
    parts = await shards("gone", 4);
    closed = await shards("gone-closed", 4, { load: CLOSED, server: { ...FLAKY, fail: () => undefined } });
  }, 60_000);

  const lost = ({ sessions }: RunResult): number =>
    sessions.failures.reduce((sum, one) => sum + (one.class === "worker-lost" ? one.count : 0), 0);

  it("keeps the sessions of a missing one in the denominator, as lost, and is void", async () => {
    const all = await merge(parts);
    const without = await merge(parts.filter((id) => id !== "gone-3"));
    expect(without.exitCode).toBe(5);
    expect(without.err).toContain("missing of 4 shards: 3; what they should have done counts as lost");
    expect(without.result.sessions.scheduled).toBe(all.result.sessions.scheduled);
    const theirs = resultIn(join(cwd, "gone-3")).sessions.scheduled;
    expect(theirs).toBeGreaterThan(5);
    expect(lost(without.result)).toBe(theirs);
    expect(without.result.run.shards?.missing).toEqual([3]);
    expect(without.result.validity.checks.find(({ name }) => name === "lost_workers")).toMatchObject({
      ...{ verdict: "fail", observed: 0.25 },
    });
  });

  it("counts for the callers of a missing one no fewer sessions than they would have had", async () => {
    const all = await merge(closed);
    const { result, exitCode } = await merge(closed.slice(1));
    expect(exitCode).toBe(5);
    expect(lost(result)).toBeGreaterThanOrEqual(resultIn(join(cwd, "gone-closed-1")).sessions.scheduled);
    expect(lost(result)).toBeLessThan(1.3 * resultIn(join(cwd, "gone-closed-1")).sessions.scheduled);
    expect(result.sessions.scheduled).toBeGreaterThanOrEqual(all.result.sessions.scheduled);
  });

  it("counts what one that was interrupted no longer did as lost", async () => {
    const all = await merge(parts);
    await simulate("stopped", { part: { index: 1, of: 4 }, workers: 2, stopAt: 6000 });
    const { result, exitCode, err } = await merge(["gone-1", "stopped", "gone-3", "gone-4"]);
    expect(exitCode).toBe(5);
    expect(err).toContain("shard 2 (stopped) did not run to its end");
    expect(result.sessions.scheduled).toBe(all.result.sessions.scheduled);
    expect(result.run.interrupted).toBe(false);
    expect(result.run.shards?.merged[1]).toMatchObject({ index: 2, cutShort: true });
  });

  it("counts what callers of one that was interrupted would still have done", async () => {
    const all = await merge(closed);
    const answers = { ...FLAKY, fail: () => undefined };
    const part = { index: 1, of: 4 };
    const stopped = await simulate("stopped-closed", {
      ...{ part, load: CLOSED, server: answers, workers: 2, stopAt: 6000 },
    });
    const theirs = resultIn(join(cwd, "gone-closed-2")).sessions.scheduled;
    const left = theirs - stopped.sessions.scheduled;
    expect(left).toBeGreaterThan(3);
    const { result, exitCode } = await merge(["gone-closed-1", "stopped-closed", ...closed.slice(2)]);
    expect(exitCode).toBe(5);
    expect(lost(result)).toBeGreaterThanOrEqual(left);
    expect(lost(result)).toBeLessThan(left + 0.3 * theirs);
    expect(result.sessions.scheduled).toBeGreaterThanOrEqual(all.result.sessions.scheduled);
  });

  describe("one that was cut short in its drain", () => {
    let all: Merged;
    beforeAll(async () => {
      all = await merge(parts);
      await simulate("drain", { part: { index: 1, of: 4 }, workers: 2, stopAt: 14_100 });
    }, 60_000);

    /** A copy that lacks the last sessions of the window. */
    const shortened = (id: string, files: readonly string[]): string => {
      cpSync(join(cwd, "drain"), join(cwd, id), { recursive: true });
      for (const file of files) {
        const path = join(cwd, id, file);
        const lines = readFileSync(path, "utf8").trimEnd().split("\n");
        const steady = lines.flatMap((line, at) => (line.includes('"phase":"steady"') ? [at] : []));
        writeFileSync(path, `${lines.slice(0, steady.at(-2)).join("\n")}\n`);
      }
      return id;
    };

    it("is named and degrades the whole", async () => {
      const { result, exitCode, err } = await merge(["gone-1", "drain", "gone-3", "gone-4"]);
      expect(exitCode).toBe(0);
      expect(err).toContain("shard 2 (drain) was interrupted, or its disk was full, after its window");
      expect(result.sessions.scheduled).toBe(all.result.sessions.scheduled);
      expect(result.run.shards?.merged[1]).toMatchObject({ index: 2, cutInDrain: true });
      expect(result.validity.status).toBe("degraded");
      expect(result.validity.checks.find(({ name }) => name === "lost_workers")?.verdict).toBe(
        "inconclusive",
      );
    });

    it("counts what it had under way as lost", async () => {
      const id = shortened("drain-open", ["sessions.ndjson"]);
      const { result } = await merge(["gone-1", id, "gone-3", "gone-4"]);
      expect(result.sessions.scheduled).toBe(all.result.sessions.scheduled);
      expect(lost(result)).toBeGreaterThanOrEqual(2);
    });

    it("is refused when neither its records nor its starts have what it counted", async () => {
      const id = shortened("drain-torn", ["sessions.ndjson", "starts.ndjson"]);
      const { err, exitCode } = await runBench(["merge", "gone-1", id, "gone-3", "--out", "no"], { cwd });
      expect(exitCode).toBe(2);
      expect(err).toMatch(
        /drain-torn\/starts.ndjson has \d+ sessions of the window, and its result.json has \d+/,
      );
    });
  });

  it("weighs a missing one by its callers", async () => {
    // Of ten callers in four shards the first has three, the last two.
    const shareLost = ({ result }: Merged): unknown =>
      result.validity.checks.find(({ name }) => name === "lost_workers")?.observed;
    expect(shareLost(await merge(closed.slice(1)))).toBeCloseTo(0.3, 9);
    expect(shareLost(await merge(closed.slice(0, 3)))).toBeCloseTo(0.2, 9);
  });

  it("reads the records of one that was killed before it could write its result", async () => {
    const all = await merge(parts);
    cpSync(join(cwd, "gone-4"), join(cwd, "killed"), { recursive: true });
    rmSync(join(cwd, "killed/result.json"));
    const path = join(cwd, "killed/sessions.ndjson");
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, `${lines.slice(0, 5).join("\n")}\n${lines[5]?.slice(0, 90) ?? ""}`);
    const { result, exitCode, err } = await merge(["gone-1", "gone-2", "gone-3", "killed"]);
    expect(exitCode).toBe(5);
    expect(err).toContain("1 line(s) of records were cut short");
    expect(result.sessions.scheduled).toBe(all.result.sessions.scheduled);
  });

  it("finds a session of the window that one of hundred lacks", async () => {
    // 99 of 100 shards are simulated by their absence; one that is there can't pass for the whole.
    await simulate("hundredth", { part: { index: 0, of: 100 } });
    const { result, exitCode } = await merge(["hundredth"]);
    expect(exitCode).toBe(5);
    expect(result.run.shards?.missing.length).toBe(99);
  });
});

describe("starts that lie apart", () => {
  it.each([
    [0, "pass"],
    [20, "inconclusive"],
    [80, "fail"],
  ])("%i ms: %s", async (lateMs, verdict) => {
    const first = `start-${lateMs}-1`;
    await simulate(first, { part: { index: 0, of: 2 } });
    await simulate(`start-${lateMs}-2`, { part: { index: 1, of: 2 }, lateMs });
    const { result } = await merge([first, `start-${lateMs}-2`]);
    expect(result.run.shards?.startSpreadMs).toBe(lateMs);
    const check = result.validity.checks.find(({ name }) => name === "shard_starts");
    expect(check).toMatchObject({ verdict, observed: lateMs });
    expect(result.verdict === "void").toBe(verdict === "fail");
  });
});

describe("a shard alone", () => {
  it("decides nothing, whatever its figures are", async () => {
    const result = await simulate("alone", { part: { index: 2, of: 3 } });
    expect(result.validity.status).toBe("valid");
    expect(result.verdict).toBe("inconclusive");
    expect(result.slos.map(({ verdict }) => verdict)).not.toContain("pass");
    expect(result.slos[0]?.advice).toBe(
      "not decided: this is shard 3 of 3; `bench merge` judges the whole run",
    );
    const { out } = await runBench(["report", "alone"], { cwd });
    expect(out).toContain("Not decided: this is shard 3 of 3, valid for its part.");
  });

  it("fails when its target died, and the whole with it", async () => {
    const result = await simulate("dead-1", { part: { index: 0, of: 2 }, reachableAtEnd: false });
    expect(result.verdict).toBe("fail");
    await simulate("dead-2", { part: { index: 1, of: 2 } });
    const whole = await merge(["dead-1", "dead-2"]);
    expect(whole.exitCode).toBe(3);
    expect(whole.result.slos.find(({ name }) => name === "target_alive")?.verdict).toBe("fail");
  });

  it("leaves it to the whole whether the connections that it lost were too many", async () => {
    const dropped: Failure = { ...failure, class: "connection-lost" };
    const server: FakeServer = { ...FLAKY, fail: () => ({ afterMs: 500, failure: dropped }) };
    const result = await simulate("dropping", { load: CLOSED, server, part: { index: 0, of: 10 } });
    const alive = result.slos.find(({ name }) => name === "target_alive");
    expect(alive?.observed).toBeGreaterThan(1);
    expect(alive?.verdict).toBe("inconclusive");
    expect(result.verdict).not.toBe("fail");
  });

  it.each([
    ["gate", ["gate", "alone", "--slo", "error_ratio < 99%"]],
    ["compare", ["compare", "alone", "alone"]],
    ["history --pin", ["history", "--pin", "alone"]],
  ])("is refused by bench %s", async (_, args) => {
    const { err, exitCode } = await runBench(args, { cwd });
    expect(exitCode).toBe(2);
    expect(err).toContain("bench merge");
  });
});

describe("folders that don't belong together", () => {
  beforeAll(async () => {
    await simulate("one", { part: { index: 0, of: 2 } });
    await simulate("two", { part: { index: 1, of: 2 } });
    await simulate("whole");
  }, 60_000);

  const refused = async (...ids: string[]): Promise<string> => {
    const out = join(cwd, "refused");
    const { err, exitCode } = await runBench(["merge", ...ids, "--out", out], { cwd });
    expect(exitCode).toBe(2);
    expect(existsSync(out)).toBe(false);
    return err.replaceAll(`${cwd}/`, "");
  };
  /** Shard 2 with something else in one of its files. */
  const changed = (id: string, file: string, from: RegExp, to: string): string => {
    cpSync(join(cwd, "two"), join(cwd, id), { recursive: true });
    const path = join(cwd, id, file);
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(from);
    writeFileSync(path, text.replace(from, to));
    return id;
  };

  it("names both folders of a shard that is there twice", async () => {
    cpSync(join(cwd, "one"), join(cwd, "copy"), { recursive: true });
    expect(await refused("one", "two", "copy")).toMatch(
      /^bench: shard 1 of 2 is there twice: one and copy\n/,
    );
    expect(await refused("one", "one")).toMatch(/^bench: shard 1 of 2 is there twice: one and one\n/);
  });

  it("refuses what is no shard", async () => {
    expect(await refused("one", "nowhere")).toMatch(/^bench: nowhere holds no run\n/);
    expect(await refused("whole", "one")).toMatch(
      /^bench: whole is a whole run: it was not made with --shard\n/,
    );
    const { out } = await merge(["one", "two"]);
    expect(await refused(out)).toMatch(/was put together from shards already\n/);
  });

  it("refuses one without its records", async () => {
    cpSync(join(cwd, "two"), join(cwd, "bare"), { recursive: true });
    rmSync(join(cwd, "bare/clips.ndjson"));
    expect(await refused("one", "bare")).toMatch(/^bench: bare holds no session records\n/);
  });

  it("refuses one that still runs", async () => {
    const id = changed("running", "run.json", /"host":"here","shard"/, '"host":"here","shard"');
    rmSync(join(cwd, id, "result.json"));
    const manifest = JSON.parse(readFileSync(join(cwd, id, "run.json"), "utf8")) as { run: object };
    const { hostname } = await import("node:os");
    const ran = (pid: number): void => {
      const run = { ...manifest.run, host: hostname() };
      writeFileSync(join(cwd, id, "run.json"), JSON.stringify({ ...manifest, pid, run }));
    };
    ran(process.ppid);
    expect(await refused("one", id)).toMatch(/^bench: the shard in running still runs\n/);
    // In containers the run and the one who reads it may both be process 1.
    ran(process.pid);
    const { err } = await merge([id]);
    expect(err).toContain("shard 2 (two) did not run to its end");
  });

  it.each([
    ["number of shards (2, 3)", "result.json", /"count":2/, '"count":3'],
    [
      "version (riva-bench 0.1.0, riva-bench 0.0.9)",
      "result.json",
      /"riva-bench 0.1.0"/,
      '"riva-bench 0.0.9"',
    ],
    ["seed (7, 8)", "result.json", /"seed":7/, '"seed":8'],
    ["the plan hash", "result.json", /"planHash":"/, '"planHash":"0'],
    ["dataset hash", "result.json", /"sha256":"/, '"sha256":"0'],
    ["target (", "result.json", /"uri":"grpc:\/\//, '"uri":"grpc://other-'],
    ["load of their scenarios", "scenario.yaml", /rate: 4/, "rate: 5"],
    ["the transport of their scenarios", "scenario.yaml", /transport: riva-grpc/, "transport: riva-h2"],
    ["clips.ndjson, the facts of their clips", "clips.ndjson", /"audioMs":\d/, '"audioMs":9'],
  ] as const)("says what they differ in: %s", async (what, file, from, to) => {
    const id = changed(`other-${what.replace(/\W+/g, "-")}`, file, from, to);
    expect(await refused("one", id)).toContain(
      `one and ${id} are not shards of one run: they differ in ${what}`,
    );
  });

  it("refuses shards of several machines that each had a server of its own", async () => {
    const id = changed("own-server", "result.json", /"host":"here"/, '"host":"there"');
    expect(await refused("one", id)).toContain(
      "one and own-server had each a server of its own: they ran on here and there, and grpc://127.0.0.1:40123 means",
    );
    const at = (copy: string, from: string): string => {
      cpSync(join(cwd, from), join(cwd, copy), { recursive: true });
      const path = join(cwd, copy, "result.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("127.0.0.1:40123", "gpu-box:50051"));
      return copy;
    };
    expect((await merge([at("shared-1", "one"), at("shared-2", id)])).exitCode).toBe(0);
  });

  it("refuses shards whose calls carried other metadata", async () => {
    const id = changed("metadata", "result.json", /"count":2/, '"count":2,"metadataSha256":"ab"');
    expect(await refused("one", id)).toContain("they differ in the metadata of their calls");
  });

  it("takes a dataset that lies elsewhere", async () => {
    const id = changed("elsewhere", "scenario.yaml", /dataset: default/, "dataset: /mnt/speech");
    expect((await merge(["one", id])).exitCode).toBe(0);
  });

  it("refuses a scenario that is none", async () => {
    const id = changed("broken", "scenario.yaml", /^name:/m, "nome:");
    expect(await refused("one", id)).toContain("broken/scenario.yaml");
  });

  it("believes no shard that it lost the workers of others", async () => {
    cpSync(join(cwd, "two"), join(cwd, "lying"), { recursive: true });
    const event = {
      atMs: 0,
      type: "worker-lost",
      message: "gone",
      lost: { worker: -5, atMs: 0, windowOver: false },
    };
    appendFileSync(join(cwd, "lying/events.ndjson"), `${JSON.stringify(event)}\n`);
    expect((await merge(["one", "lying"])).exitCode).toBe(0);
  });

  it("refuses a session that the plan gives to another shard", async () => {
    cpSync(join(cwd, "two"), join(cwd, "mixed"), { recursive: true });
    const [line = ""] = readFileSync(join(cwd, "one/sessions.ndjson"), "utf8").split("\n");
    appendFileSync(join(cwd, "mixed/sessions.ndjson"), `${line}\n`);
    expect(await refused("one", "mixed")).toContain(
      "has a session that the plan gives to shard 1, not to shard 2",
    );
  });

  it("refuses records that lost their end on the way", async () => {
    cpSync(join(cwd, "two"), join(cwd, "torn"), { recursive: true });
    for (const name of ["sessions.ndjson", "starts.ndjson"]) {
      const path = join(cwd, "torn", name);
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      writeFileSync(path, `${lines.slice(0, 12).join("\n")}\n`);
    }
    expect(await refused("one", "torn")).toMatch(
      /^bench: torn\/sessions.ndjson has \d+ sessions of the window, and its result.json has \d+\n/,
    );
  });

  it.each(["events.ndjson", "starts.ndjson"])("refuses one that lacks its %s", async (file) => {
    const id = `without-${file}`;
    cpSync(join(cwd, "two"), join(cwd, id), { recursive: true });
    rmSync(join(cwd, id, file));
    expect(await refused("one", id)).toContain(`bench: ${id}/${file} is missing\n`);
  });

  it.each([
    ["its end", /\{[^\n]*"type":"end"[^\n]*\n/, "", "was cut short: it does not tell of the end of the run"],
    ["a part of a line", /"type":"start"/, '"type":', "has 1 line(s) that can't be read"],
  ])("refuses events that lost %s", async (what, from, to, why) => {
    const id = changed(`events-${what.replaceAll(" ", "-")}`, "events.ndjson", from, to);
    expect(await refused("one", id)).toContain(`bench: ${id}/events.ndjson ${why}\n`);
  });

  it.each([
    ["sessions.ndjson", /"chunks":\d+/, '"chunks":"many"'],
    ["sessions.ndjson", /"clip":"/, '"clip":"un'],
  ])("refuses records in %s that can't be counted", async (file, from, to) => {
    const id = changed(`uncounted-${to.length}`, file, from, to);
    expect(await refused("one", id)).toContain(
      "bench: the shards have 1 record(s) of sessions that can't be read",
    );
  });

  it("counts the share of a lost worker once, also when its loss is told of twice", async () => {
    const event = {
      ...{ atMs: 14_000, type: "worker-lost", message: "gone" },
      lost: { worker: 2, atMs: 14_000, windowOver: false },
    };
    cpSync(join(cwd, "two"), join(cwd, "told"), { recursive: true });
    const line = `${JSON.stringify(event)}\n`;
    appendFileSync(join(cwd, "told/events.ndjson"), line);
    const once = await merge(["one", "told"]);
    appendFileSync(join(cwd, "told/events.ndjson"), line);
    const twice = await merge(["one", "told"]);
    const check = ({ result }: Merged): unknown =>
      result.validity.checks.find(({ name }) => name === "lost_workers");
    expect(check(once)).toMatchObject({ observed: 0.5 });
    expect(check(twice)).toEqual(check(once));
  });

  it("refuses records that no longer tell of sessions which a lost worker had under way", async () => {
    cpSync(join(cwd, "two"), join(cwd, "fewer"), { recursive: true });
    const path = join(cwd, "fewer/result.json");
    const result = JSON.parse(readFileSync(path, "utf8")) as RunResult;
    const lost = { phase: "streaming", class: "worker-lost", origin: "generator", count: 2 };
    const { sessions } = result;
    const failures = [...sessions.failures, lost];
    const more = { ...sessions, scheduled: sessions.scheduled + 2, failed: sessions.failed + 2, failures };
    writeFileSync(path, JSON.stringify({ ...result, sessions: more }));
    expect(await refused("one", "fewer")).toMatch(
      /^bench: the records of the shards have \d+ sessions of the window, and their result.json \d+\n/,
    );
  });

  it("overwrites no run", async () => {
    const { err, exitCode } = await runBench(["merge", "one", "two", "--out", "whole"], { cwd });
    expect(exitCode).toBe(2);
    expect(err).toContain("already holds a run");
  });
});
