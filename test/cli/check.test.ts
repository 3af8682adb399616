/** `bench check` against servers of every sort. */
import { writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { bench, tempFolder } from "../support/bench-process.ts";
import type { TestGateway } from "../support/gateway.ts";
import { testGateway } from "../support/gateway.ts";
import { runBench } from "../support/fake-world.ts";
import {
  deadAddress,
  http1Server,
  listening,
  scriptedServer,
  tcpServer,
} from "../support/misbehaving-server.ts";
import { makeCertificates, pem } from "../support/certificates.ts";

interface Report {
  usable: boolean;
  target: { emulated: boolean; uri: string };
  steps: {
    name: string;
    ok: boolean;
    tookMs: number;
    detail: string;
    advice?: string;
    skipped?: boolean;
    data?: Record<string, number>;
  }[];
}

interface BothWays extends Report {
  through?: Report;
  adds?: { firstPartialMs: number; finalMs: number; sameTranscript: boolean };
}

const servers: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function kept<Server extends { close(): unknown }>(server: Server): Server {
  servers.push(server);
  return server;
}

async function check(
  uri: string,
  env: Record<string, string> = {},
): Promise<{ report: Report; exitCode: number }> {
  const { out, exitCode } = await runBench(["check", "--json", "--target", uri], { env });
  return { report: JSON.parse(out) as Report, exitCode };
}

const failing = ({ steps }: Report): string | undefined => steps.find(({ ok }) => !ok)?.name;

test("a server that works passes every step, and the sentence is timed", async () => {
  const server = kept(await startDelayServer({ partialMs: 40, finalMs: 70, text: "hello there" }));
  const { report, exitCode } = await check(`grpc://${server.address}`);
  expect(exitCode).toBe(0);
  expect(report).toMatchObject({ usable: true, target: { emulated: false } });
  expect(report.steps.map(({ name }) => name)).toEqual([
    ...["tcp", "grpc", "health", "http", "models", "utterance"],
  ]);
  expect(report.steps.filter(({ skipped }) => skipped).map(({ name }) => name)).toEqual(["http"]);
  const { data } = report.steps.at(-1)!;
  expect(data).toMatchObject({ transcript: "hello there", said: "the conference has been extended" });
  // The clip goes on for 110 ms after its speech, then 70 ms to the final.
  expect(Math.abs(data!["finalFromSpeechEndMs"]! - 180)).toBeLessThan(40);
});

test("the emulator is started when nothing is configured, and named as one", async () => {
  const { code, stdout } = await bench(["check"]);
  expect(stdout).toMatch(/^emulator-nim \(emulated\) grpc:\/\/127\.0\.0\.1:\d+/);
  expect(stdout.toLowerCase()).toContain("the conference has been extended");
  expect(stdout).toMatch(/ok {4}http +\d+ ms {2}http:\/\/127\.0\.0\.1:\d+ says ready/);
  expect(code).toBe(0);
});

describe("a target that can't be used says at which step, and exits 7", () => {
  test("unknown host", async () => {
    const { report, exitCode } = await check("grpc://nowhere.invalid");
    expect([failing(report), exitCode]).toEqual(["dns", 7]);
  });

  test("closed port", async () => {
    const { report, exitCode } = await check(`grpc://${await deadAddress()}`);
    expect([failing(report), exitCode]).toEqual(["tcp", 7]);
    expect(report.steps.at(-1)?.advice).toMatch(/Nothing listens there/);
  });

  test("an HTTP/1.1 server", async () => {
    const { report, exitCode } = await check(`grpc://${kept(await http1Server()).address}`);
    expect([failing(report), exitCode]).toEqual(["grpc", 7]);
    expect(report.steps.at(-1)?.advice).toBeDefined();
  });

  test("a server that hangs up", async () => {
    const server = kept(await tcpServer((socket) => socket.destroy()));
    const { report, exitCode } = await check(`grpc://${server.address}`);
    expect([failing(report), exitCode]).toEqual(["grpc", 7]);
  });

  test("plain text where TLS is expected", async () => {
    const server = kept(await scriptedServer({}));
    const { report, exitCode } = await check(`grpcs://${server.address}`);
    expect([failing(report), exitCode]).toEqual(["tls", 7]);
    expect(report.steps.at(-1)?.advice).toMatch(/plain text/);
  });

  test("a model that the server does not have", async () => {
    const refusal =
      "Error: Unavailable model requested given these parameters: language_code=en; type=online; ";
    const server = kept(
      await scriptedServer({
        onCall: (call) => {
          call.end(call.headers[":path"]?.endsWith("StreamingRecognize") === true ? 3 : 12, refusal);
        },
      }),
    );
    const { report, exitCode } = await check(`grpc://${server.address}`, { RIVA_MODEL: "nope" });
    expect([failing(report), exitCode]).toEqual(["utterance", 7]);
    // Neither service was there, and neither is a fault.
    expect(report.steps.filter(({ ok }) => ok).map(({ name }) => name)).toEqual([
      "tcp",
      "grpc",
      "health",
      "http",
      "models",
    ]);
    expect(report.steps.at(-1)?.detail).toContain("Unavailable model");
  });

  test("a server that is not ready", async () => {
    const { health } = rivaServices();
    const server = kept(
      await scriptedServer({
        onHalfClose: (call) => {
          call.send(health.Check.responseSerialize({ status: "NOT_SERVING" }));
          call.end(0);
        },
      }),
    );
    const { report, exitCode } = await check(`grpc://${server.address}`);
    expect([failing(report), exitCode]).toEqual(["health", 7]);
  });
});

describe("a target with an HTTP port", () => {
  /** A recogniser that works, and beside it an HTTP port that answers so. */
  const withHttp = async (status: number, body: string): Promise<string> => {
    const riva = kept(await startDelayServer({ partialMs: 10, finalMs: 10, text: "hello there" }));
    const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      response.writeHead(request.url === "/v1/health/ready" ? status : 404).end(body);
    };
    const nim = kept(await listening(http.createServer(answer)));
    return targetFile(riva.address, nim.address);
  };
  const targetFile = (grpc: string, nim: string): string => {
    const path = join(tempFolder(), "mine.yaml");
    writeFileSync(path, `name: mine\nuri: grpc://${grpc}\nhttp: http://${nim}\n`);
    return path;
  };

  test("that says ready, in either way, or has no word for it, passes", { timeout: 30_000 }, async () => {
    const answers = [
      [200, '{"status":"ready"}', /says ready/],
      [200, '{"ready":true}', /says ready/],
      [404, "not here", /no NIM's/],
    ] as const;
    await Promise.all(
      answers.map(async ([status, body, detail]) => {
        const { report, exitCode } = await check(await withHttp(status, body));
        const step = report.steps.find(({ name }) => name === "http");
        expect([exitCode, step?.detail]).toEqual([0, expect.stringMatching(detail)]);
        expect(step?.tookMs).toBeGreaterThan(0);
      }),
    );
  });

  test.each([
    [503, '{"status":"not ready"}', /is not ready/, /loads its models/],
    [200, '{"ready":false}', /is not ready/, /loads its models/],
    [500, '{"detail":"disk full"}', /HTTP 500: disk full/, /http: in its file/],
  ])("can't be used with %i %s", async (status, body, detail, advice) => {
    const { report, exitCode } = await check(await withHttp(status, body));
    expect([failing(report), exitCode]).toEqual(["http", 7]);
    expect(report.steps.at(-1)).toMatchObject({
      detail: expect.stringMatching(detail) as unknown,
      advice: expect.stringMatching(advice) as unknown,
    });
  });

  test("that nothing listens on, though its gRPC port works", async () => {
    const riva = kept(await startDelayServer({ partialMs: 10, finalMs: 10 }));
    const { report, exitCode } = await check(targetFile(riva.address, await deadAddress()));
    expect([failing(report), exitCode]).toEqual(["http", 7]);
    expect(report.steps.at(-1)?.advice).toMatch(/or leave it out/);
  });
});

describe("through a gateway", () => {
  /** Whose one upstream is at `address`; waits until its probes have found out what that is. */
  const before = async (address: string, status = 200): Promise<TestGateway> => {
    const test = await testGateway([address]);
    kept({ close: () => test.gateway.drain() });
    const readiness = async (): Promise<number> => (await fetch(`${test.http}/health/ready`)).status;
    await expect.poll(readiness, { timeout: 3000 }).toBe(status);
    return test;
  };
  const both = async (args: string[]): Promise<{ report: BothWays; exitCode: number }> => {
    const { out, exitCode } = await runBench(["check", "--json", ...args]);
    return { report: JSON.parse(out) as BothWays, exitCode };
  };

  test("both ways are checked, and what the gateway adds is told", async () => {
    const riva = kept(await startDelayServer({ partialMs: 40, finalMs: 70, text: "hello there" }));
    const { url } = await before(riva.address);
    const ways = ["--target", `grpc://${riva.address}`, "--through", `${url}/v1/stream`];
    const [{ report, exitCode }, { out }] = await Promise.all([both(ways), runBench(["check", ...ways])]);
    expect([report.usable, exitCode]).toEqual([true, 0]);
    expect(report.steps.map(({ name }) => name)).toContain("models");
    expect(report.through?.steps.map(({ name }) => name)).toEqual([
      ...["tcp", "websocket", "upstreams", "utterance"],
    ]);
    expect(report.through?.steps[2]?.detail).toBe("ready: up1 up");
    expect(report.adds?.sameTranscript).toBe(true);
    const [direct, beyond] = [report, report.through!].map(({ steps }) => steps.at(-1)!.data!);
    const more = (key: string): number => beyond![key]! - direct![key]!;
    expect(report.adds?.firstPartialMs).toBe(more("firstPartialFromOnsetMs"));
    expect(report.adds?.finalMs).toBe(more("finalFromSpeechEndMs"));
    expect(out).toMatch(/The gateway adds [+-][\d.]+ ms to the first partial and [+-][\d.]+ ms to the final/);
  });

  test("a gateway without a recogniser fails at that step, whatever the target", async () => {
    const riva = kept(await startDelayServer({ partialMs: 10, finalMs: 10, text: "hello there" }));
    const { url } = await before(await deadAddress(), 503);
    const { report, exitCode } = await both([
      ...["--target", `grpc://${riva.address}`, "--through", `${url}/v1/stream`],
    ]);
    expect(failing(report)).toBeUndefined();
    expect([failing(report.through!), exitCode]).toEqual(["upstreams", 7]);
    expect(report.through?.steps.at(-1)?.advice).toMatch(/none of its recognisers/);
  });

  test("a gateway that is not there fails at tcp", async () => {
    const { report, exitCode } = await both(["--through", `ws://${await deadAddress()}/v1/stream`]);
    expect([failing(report), exitCode]).toEqual(["tcp", 7]);
  });

  test("without --target the gateway alone is checked, and that is said", async () => {
    const riva = kept(await startDelayServer({ partialMs: 10, finalMs: 10, text: "hello there" }));
    const { url } = await before(riva.address);
    const { out, exitCode } = await runBench(["check", "--through", `${url}/v1/stream`]);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^No --target: the gateway alone is checked/);
    expect(out).not.toContain("The gateway adds");
  });

  test.each([
    [["--through", "grpc://127.0.0.1:50051"], /not a gateway/],
    [["--through", "gateway", "--target", "emulator-nim"], /can't be behind a gateway/],
  ])("%j is refused", async (args, says) => {
    const { err, exitCode } = await runBench(["check", ...args]);
    expect([exitCode, err]).toEqual([2, expect.stringMatching(says)]);
  });
});

describe("TLS", () => {
  const folder = makeCertificates();
  const secure = async (): Promise<string> => {
    const [key, cert] = ["server.key", "server.crt"].map((file) => pem(folder, file).toString());
    const server = kept(
      await scriptedServer({ onCall: (call) => call.end(12) }, { tls: { key: key!, cert: cert! } }),
    );
    return server.address.replace("127.0.0.1", "localhost");
  };

  test("a certificate of an unknown authority is refused", async () => {
    const { report, exitCode } = await check(`grpcs://${await secure()}`);
    expect([failing(report), exitCode]).toEqual(["tls", 7]);
    expect(report.steps.at(-1)?.advice).toContain("RIVA_SSL_CA");
  });

  test("and accepted when the authority is given", async () => {
    const { report } = await check(`grpcs://${await secure()}`, { RIVA_SSL_CA: join(folder, "ca.crt") });
    expect(report.steps.find(({ name }) => name === "tls")).toMatchObject({ ok: true });
    expect(report.steps.find(({ name }) => name === "grpc")).toMatchObject({ ok: true });
  });
});
