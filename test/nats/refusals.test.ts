/** What is wrong before a run over NATS begins: one clear sentence each, the right exit code, and nobody waits for ever. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { connectBroker } from "../../src/run/nats/broker.ts";
import type { RemoteJob } from "../../src/run/nats/messages.ts";
import { bench, sleep, startBench, tempFolder } from "../support/bench-process.ts";
import { makeCertificates } from "../support/certificates.ts";
import { makeNatsAccounts, makeNkeyUser } from "../support/nats-accounts.ts";
import type { NatsServer } from "../support/nats-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { newRunId, remoteRun } from "../support/remote-run.ts";
import { shortRun } from "../support/short-run.ts";

let broker: NatsServer;
beforeAll(async () => (broker = await startNatsServer()));
afterAll(() => broker.close());

const worker = (
  url: string,
  id: string,
  ...flags: string[]
): Promise<{ code: number | null; stderr: string }> =>
  bench(["worker", "--nats", url, "--run", id, "--join-timeout", "1s", ...flags]);

describe.concurrent("a broker that can't be used", () => {
  const both = async (url: string, flags: readonly string[] = []): Promise<string[]> => {
    const run = await shortRun("elsewhere", { flags: ["--nats", url, "--expect-workers", "1", ...flags] });
    const ended = await Promise.all([bench(run.args), worker(url, "r", ...flags)]);
    run.server.close();
    expect(ended.map(({ code }) => code)).toEqual([1, 1]);
    return ended.map(({ stderr }) => stderr);
  };

  it("is not there", async () => {
    for (const said of await both("nats://127.0.0.1:1"))
      expect(said).toMatch(/^bench: no NATS server can be used at nats:\/\/127\.0\.0\.1:1: /m);
  });

  it("has no JetStream", async () => {
    const plain = await startNatsServer([], false);
    for (const said of await both(plain.url)) expect(said).toMatch(/has no JetStream/);
    await plain.close();
  });

  it("refuses the credentials, which are printed nowhere", async () => {
    const locked = await startNatsServer(["--user", "bench", "--pass", "open-sesame"]);
    for (const said of await both(`nats://bench:wrong-sesame@${locked.address}`)) {
      expect(said).toMatch(/refuses these credentials/);
      expect(said).not.toContain("wrong-sesame");
    }
    await locked.close();
  });

  it("is known by another authority; with the right one the worker is in", async () => {
    const certs = makeCertificates();
    const tls = ["--tls", "--tlscert", join(certs, "server.crt"), "--tlskey", join(certs, "server.key")];
    const secure = await startNatsServer([...tls, "--auth", "a-token-of-trust"]);
    const url = `tls://${secure.address}`;
    for (const said of await both(url)) expect(said).toMatch(/certificate/);
    const token = join(tempFolder(), "token");
    writeFileSync(token, "a-token-of-trust\n");
    const { stderr } = await worker(url, "r", "--nats-ca", join(certs, "ca.crt"), "--nats-token-file", token);
    expect(stderr).toMatch(/no run r was on the broker within 1s/);
    await secure.close();
  });
});

describe.concurrent("a broker with accounts", () => {
  const comesIn = /no run r was on the broker within 1s/;

  it("lets in who has the nkey, and nobody else", async () => {
    const [{ config, seed }, other] = [makeNkeyUser(), makeNkeyUser()];
    const locked = await startNatsServer(["-c", config]);
    expect((await worker(locked.url, "r", "--nats-nkey", seed)).stderr).toMatch(comesIn);
    for (const flags of [["--nats-nkey", other.seed], []]) {
      const { code, stderr } = await worker(locked.url, "r", ...flags);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/refuses these credentials/)]);
    }
    await locked.close();
  });

  it("lets in who has the credentials of its account, by flag or by environment, and no stranger", async () => {
    const { config, creds, strangerCreds } = makeNatsAccounts();
    const locked = await startNatsServer(["-c", config]);
    expect((await worker(locked.url, "r", "--nats-creds", creds)).stderr).toMatch(comesIn);
    const args = ["worker", "--nats", locked.url, "--run", "r", "--join-timeout", "1s"];
    expect((await bench(args, { env: { NATS_CREDS: creds } })).stderr).toMatch(comesIn);
    const { code, stderr } = await worker(locked.url, "r", "--nats-creds", strangerCreds);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/refuses these credentials/)]);
    await locked.close();
  });
});

describe.concurrent("workers that don't fit", () => {
  it("don't know where to go, or are told to end while they wait", async () => {
    const lost = await bench(["worker", "--run", "night"]);
    expect([lost.code, lost.stderr]).toEqual([2, expect.stringMatching(/on another machine: which\?/)]);
    const waiting = startBench(["worker", "--nats", broker.url, "--run", newRunId()]);
    await waiting.sees(/waiting for run/);
    waiting.child.kill("SIGTERM");
    expect((await waiting.finished).code).toBe(143);
  });

  it("could not reach the emulator that a run starts for itself: such a run is refused", async () => {
    const { code, stderr } = await bench(["--nats", broker.url, "--expect-workers", "1"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/workers on other machines can't reach the emulator/);
  });

  it("are missing: the run names them after its limit, and its job holds no secret and no path", async () => {
    const id = newRunId();
    const flags = ["--nats", broker.url, "--run", id, "--expect-workers", "3", "--join-timeout", "9s"];
    const run = await shortRun("elsewhere", { flags });
    const env = { RIVA_API_KEY: "key-of-the-target" };
    // It waits for the run; started later, it might not be there in time.
    const came = startBench(
      [
        ...["worker", "--nats", broker.url, "--run", id, "--index", "1", "--join-timeout", "30s"],
        ...["--target", `grpc://${run.server.address}`],
      ],
      { env },
    );
    const coordinator = startBench(run.args, { env });
    const bus = await connectBroker({ servers: [broker.address], shown: broker.url }, id);
    let job: string | undefined;
    while (job === undefined) {
      await sleep(100);
      job = await bus.get("job").catch(() => undefined);
    }
    expect(job).toContain(run.server.address);
    expect(job).not.toContain("key-of-the-target");
    expect(job).not.toMatch(/"\/|: \//);
    const { code, stderr } = await coordinator.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /[23] of 3 workers were not ready within 9s: index 0 \(nobody came\), .*2 \(nobody came\)/,
    );
    const { code: left, stderr: why } = await came.finished;
    expect(left).toBe(1);
    expect(why).toMatch(/was let go: [23] of 3 workers were not ready/);
    // Whoever comes now is late.
    expect((await worker(broker.url, id)).stderr).toMatch(
      /no run \S+ was on the broker within 1s.*\n.*is over/,
    );
    await bus.close();
    run.server.close();
  });

  it("come twice or too late: the place is taken, exit 4; a second run of that name is refused, exit 2", async () => {
    const run = await remoteRun(broker.url, 2);
    const id = run.args[run.args.indexOf("--run") + 1]!;
    await run.workers[1]!.sees(/worker 2 of 2/);
    await run.workers[0]!.sees(/worker 1 of 2/);
    const [twice, late, beyond, second] = await Promise.all([
      worker(broker.url, id, "--index", "1"),
      worker(broker.url, id),
      worker(broker.url, id, "--index", "2"),
      bench(run.args.map((arg) => (arg === run.out ? join(tempFolder(), "second") : arg))),
    ]);
    expect([twice.code, twice.stderr]).toEqual([
      4,
      expect.stringMatching(/index 1 of run \S+ is taken, by a worker on /),
    ]);
    expect([late.code, late.stderr]).toEqual([4, expect.stringMatching(/all 2 places of run \S+ are taken/)]);
    expect([beyond.code, beyond.stderr]).toEqual([
      2,
      expect.stringMatching(/--index 2: run \S+ has 2 workers/),
    ]);
    expect([second.code, second.stderr]).toEqual([
      2,
      expect.stringMatching(/a run \S+ is on the broker already/),
    ]);
    run.coordinator.child.kill("SIGINT");
    run.coordinator.child.kill("SIGINT");
    expect((await run.coordinator.finished).code).not.toBe(0);
    run.server.close();
  });

  it("have another version: neither takes part", async () => {
    const id = newRunId();
    const bus = await connectBroker({ servers: [broker.address], shown: broker.url }, id);
    await bus.makePlaces();
    await bus.create(
      "job",
      JSON.stringify({ format: 2, tool: "riva-bench 0.0.1" } satisfies Partial<RemoteJob>),
    );
    const { code, stderr } = await worker(broker.url, id);
    expect(code).toBe(1);
    expect(stderr).toMatch(/this is riva-bench \S+, and the run is of riva-bench 0\.0\.1/);
    await bus.removePlaces();
    await bus.close();
  });

  it("have another dataset or target: the run ends and says whose, exit 2", async () => {
    const folder = tempFolder();
    cpSync(join(PACKAGE_ROOT, "datasets/core"), folder, { recursive: true });
    writeFileSync(
      join(folder, "manifest.jsonl"),
      '{"id": "one", "file": "wav/asterisk-conf-extended.wav"}\n',
    );
    for (const [flags, said] of [
      [
        ["--dataset", folder],
        /dataset \S+ is not that of the run: its hash is [0-9a-f]{12}, the run's [0-9a-f]{12}/,
      ],
      [
        ["--target", "grpc://127.0.0.1:1"],
        /the target of this worker is grpc:\/\/127\.0\.0\.1:1, the run's is /,
      ],
    ] as const) {
      const run = await remoteRun(broker.url, 1, { workerFlags: flags, joinTimeout: "3m" });
      const startedMs = realClock.nowMs();
      for (const { finished } of [run.coordinator, run.workers[0]!]) {
        const { code, stderr } = await finished;
        expect(code).toBe(2);
        expect(stderr).toMatch(said);
      }
      expect((await run.coordinator.finished).stderr).toMatch(/^bench: worker 1 on \S+: /m);
      expect(realClock.nowMs() - startedMs).toBeLessThan(90_000);
      run.server.close();
    }
  });
});
