import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeCertificates } from "../../../test/support/certificates.ts";
import { realClock } from "../../base/clock.ts";
import { PACKAGE_ROOT } from "../../base/process/package-root.ts";
import { parseScenario } from "../../scenario/scenario.ts";
import type { World } from "../../base/process/world.ts";
import type { RemoteJob } from "./messages.ts";
import { FORMAT } from "./messages.ts";
import type { LocalJob } from "./remote-job.ts";
import { jobsByWeight, localJob, readRemoteJob, readWeights, toolOf } from "./remote-job.ts";

const folder = mkdtempSync(join(tmpdir(), "remote-job-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TRACE = "atMs\n0\n";
const scenario = (load: string): string => `name: far
load: ${load}
duration: { warmup: 0s, steady: 5s, drain: 5s }
slo: [error_ratio < 1%]
`;

const job: RemoteJob = {
  format: FORMAT,
  tool: toolOf(PACKAGE_ROOT),
  runId: "night",
  incarnation: "0123456789abcdef",
  scenario: scenario("{ model: concurrency, streams: 2 }"),
  target: "grpcs://192.0.2.7:443",
  metadata: [],
  host: "elsewhere",
  resolve: "first",
  dataset: { name: "default", sha256: "a".repeat(64), manifest: "manifest.jsonl" },
  seed: 1,
  workers: 2,
  streams: 2,
};

const read = (changes: object): unknown =>
  readRemoteJob(JSON.stringify({ ...job, ...changes }), PACKAGE_ROOT);

describe("a job that somebody else wrote", () => {
  it("is taken as it was written by `bench run`", () => {
    expect(read({})).toEqual(job);
  });

  it.each<[string, object]>([
    ["a hash that is a path", { dataset: { ...job.dataset, sha256: "../../../home" } }],
    ["a manifest elsewhere", { dataset: { ...job.dataset, manifest: "../manifest.jsonl" } }],
    ["no dataset", { dataset: null }],
    ["a trace elsewhere", { trace: { name: "../trace.csv", text: TRACE } }],
    ["a parent folder for a trace", { trace: { name: "..", text: TRACE } }],
    ["workers without end", { workers: 1e9 }],
    ["no workers", { workers: 0 }],
    ["streams of text", { streams: "2" }],
    ["an address of this machine's environment", { target: "grpc://${SECRET}:1" }],
    ["an address that is a file", { target: "/etc/hosts" }],
    ["an incarnation that is a pattern", { incarnation: "*" }],
    ["metadata that are none", { metadata: "authorization" }],
    ["a seed of text", { seed: "1" }],
  ])("is refused with %s", (_, changes) => {
    expect(() => read(changes)).toThrow(/not one that `bench run` has written/);
  });

  it("is refused when another version wrote it, or nobody", () => {
    expect(() => read({ tool: "riva-bench 0.0.1" })).toThrow(/the run is of riva-bench 0\.0\.1/);
    expect(() => readRemoteJob("[]", PACKAGE_ROOT)).toThrow(/the run is of undefined/);
    expect(() => readRemoteJob("{", PACKAGE_ROOT)).toThrow(/not one that `bench run` has written/);
  });
});

describe("a worker's share", () => {
  const dealt = (worker: number, given: unknown, wanted = "1") => {
    const local = {
      worker,
      scenario: parseScenario(scenario("{ model: concurrency, streams: 2 }"), "s.yaml"),
    } as LocalJob;
    const workers = 2;
    const weights = readWeights(given, { workers });
    return jobsByWeight({ streams: 40_000, workers }, local, weights, wanted).map(
      ({ share, processes, writesClips }) => ({ share, processes, writesClips }),
    );
  };

  it("is what its weight says, split into as many processes as it is told to have", () => {
    expect(dealt(1, [2, 1])).toEqual([
      { share: { of: 3, remainders: [0, 2] }, processes: 1, writesClips: true },
    ]);
    expect(dealt(2, [2, 1], "2")).toEqual([
      { share: { of: 6, remainders: [1] }, processes: 2, writesClips: false },
      { share: { of: 6, remainders: [4] }, processes: 2, writesClips: false },
    ]);
  });

  it("by itself takes the processes that its share needs, as a run on this machine does", () => {
    const needed = Math.max(1, Math.min(availableParallelism() - 1, 40));
    expect(dealt(1, [1, 1], "auto").length).toBe(Math.min(needed, 20));
  });

  it.each([[undefined], [[1]], [[1, 2, 3]], [[1, 0]], [[1, 65]], [[1, 1.5]], [["1", 1]], [{ length: 2 }]])(
    "is nothing by weights that no coordinator wrote: %j",
    (weights) => {
      expect(() => dealt(1, weights)).toThrow(/not one that `bench run` has written/);
    },
  );
});

describe("the job on this machine", () => {
  const local = (
    changes: object,
    target: readonly string[] | string = [],
    env: Record<string, string> = {},
  ): Promise<unknown> =>
    localJob({ ...job, ...changes }, { index: 0, datasetPath: "default", targets: [target].flat(), folder }, {
      ...{ env, cwd: folder, root: PACKAGE_ROOT, clock: realClock },
    } as unknown as World);

  it("reads no file of this machine as the run's trace", async () => {
    writeFileSync(join(folder, "own.csv"), TRACE);
    for (const file of [join(folder, "own.csv"), "/etc/trace.csv", "own.csv"])
      await expect(
        local({
          trace: { name: "trace.csv", text: TRACE },
          scenario: scenario(`{ model: trace, file: ${file} }`),
        }),
      ).rejects.toThrow(/not one that `bench run` has written/);
  });

  const env = { RIVA_API_KEY: "nvapi-0123456789" };

  it("gives this machine's key to no address that only the broker names", async () => {
    await expect(local({}, undefined, env)).rejects.toThrow(
      /holds credentials \(authorization\), and the broker alone says where they would go: grpcs:\/\/192\.0\.2\.7:443/,
    );
    expect(await local({}, job.target, env)).toMatchObject({
      target: { metadata: { authorization: "Bearer nvapi-0123456789" } },
    });
  });

  it("logs in nowhere with this machine's certificate where only the broker says", async () => {
    const certs = makeCertificates();
    const ssl = {
      RIVA_SSL_CA: join(certs, "ca.crt"),
      RIVA_SSL_CERT: join(certs, "client.crt"),
      RIVA_SSL_KEY: join(certs, "client.key"),
    };
    await expect(local({}, undefined, ssl)).rejects.toThrow(/holds credentials \(a client certificate\)/);
  });

  it("keeps a trace apart from the records, whatever its name", async () => {
    const trace = { name: "sessions.ndjson", text: '{"atMs":0}\n' };
    await local({ trace, scenario: scenario("{ model: trace, file: sessions.ndjson }") });
    expect(existsSync(join(folder, "sessions.ndjson"))).toBe(false);
  });

  it("goes without a key where there is none", async () => {
    expect(await local({})).toMatchObject({
      target: { address: "192.0.2.7:443" },
      worker: 1,
    });
  });

  it("is no other server than the run's: another address, another machine's loopback, a call that lacks metadata", async () => {
    await expect(local({}, "grpcs://192.0.2.8:443")).rejects.toThrow(
      /the run's is grpcs:\/\/192\.0\.2\.7:443/,
    );
    const near = { target: "grpc://127.0.0.1:50051" };
    await expect(local(near)).rejects.toThrow(/is on elsewhere itself, and this worker is on /);
    expect(await local(near, near.target)).toMatchObject({ target: { address: "127.0.0.1:50051" } });
    await expect(local({ metadata: ["function-id", "x-tenant"] })).rejects.toThrow(
      /carries the metadata function-id, x-tenant/,
    );
    expect(
      await local({ metadata: ["Function-Id"] }, undefined, { RIVA_FUNCTION_ID: "" }).catch(String),
    ).toMatch(/carries the metadata Function-Id/);
  });
});
