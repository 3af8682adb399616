/** `bench check` against servers of every sort. */
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { bench } from "../support/bench-process.ts";
import { runBench } from "../support/fake-world.ts";
import { deadAddress, http1Server, scriptedServer, tcpServer } from "../support/misbehaving-server.ts";
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
    data?: Record<string, number>;
  }[];
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
  expect(report.steps.map(({ name }) => name)).toEqual(["tcp", "grpc", "health", "models", "utterance"]);
  const { data } = report.steps.at(-1)!;
  expect(data).toMatchObject({ transcript: "hello there", said: "the conference has been extended" });
  // The clip goes on for 110 ms after its speech, then 70 ms to the final.
  expect(Math.abs(data!["finalFromSpeechEndMs"]! - 180)).toBeLessThan(40);
});

test("the emulator is started when nothing is configured, and named as one", async () => {
  const { code, stdout } = await bench(["check"]);
  expect(stdout).toMatch(/^emulator-nim \(emulated\) grpc:\/\/127\.0\.0\.1:\d+/);
  expect(stdout.toLowerCase()).toContain("the conference has been extended");
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
