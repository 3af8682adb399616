/**
 * Plain text, TLS and mutual TLS over every transport: check and a short run. Each bad certificate has a message and advice
 * of its own, and exit code 7 before any load.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchProcess } from "../support/bench-process.ts";
import {
  bench,
  failuresOfOthers,
  readRun,
  startBench,
  tempFolder,
  undisturbed,
} from "../support/bench-process.ts";
import { makeCertificates, pem } from "../support/certificates.ts";
import { runBench } from "../support/fake-world.ts";
import type { TestServer } from "../support/misbehaving-server.ts";
import { realtimeServer } from "../support/realtime-server.ts";

const folder = makeCertificates();
const file = (name: string): string => join(folder, name);
const SECRET = "s3cret-of-the-tester";

const TRUST = { RIVA_SSL_CA: file("ca.crt") };
const CLIENT = { ...TRUST, RIVA_SSL_CERT: file("client.crt"), RIVA_SSL_KEY: file("client.key") };

type Server = "plain" | "tls" | "mtls" | "expired" | "elsewhere" | "stranger";
const SERVERS: readonly Server[] = ["plain", "tls", "mtls", "expired", "elsewhere", "stranger"];

const emulators = new Map<Server, { port: number; process: BenchProcess }>();
const realtime = new Map<Server, TestServer>();

/** The certificate that the server of this name shows. */
function certificate(server: Server): string {
  return server === "expired" || server === "elsewhere" || server === "stranger" ? server : "server";
}

async function startEmulator(server: Server): Promise<void> {
  const flags =
    server === "plain"
      ? []
      : ["--tls-cert", file(`${certificate(server)}.crt`), "--tls-key", file(`${certificate(server)}.key`)];
  if (server === "mtls") flags.push("--tls-client-ca", file("ca.crt"));
  const process = startBench(["emulator", "--port", "0", "--json", ...flags]);
  const port = await new Promise<number>((resolve) => {
    process.child.stdout?.on("data", (data: Buffer) => {
      const match = /"port":\s*(\d+)/.exec(data.toString());
      if (match !== null) resolve(Number(match[1]));
    });
  });
  emulators.set(server, { port, process });
}

async function startRealtime(server: Server): Promise<void> {
  const tls = {
    cert: pem(folder, `${certificate(server)}.crt`),
    key: pem(folder, `${certificate(server)}.key`),
  };
  const mutual = server === "mtls" ? { ca: pem(folder, "ca.crt"), requestCert: true } : {};
  realtime.set(
    server,
    await realtimeServer(
      {
        onChunk: (peer, index) => {
          if (index % 5 === 4) peer.say("hello", false);
        },
        onHalfClose: (peer) => peer.end("as many words as the clip has or more"),
      },
      server === "plain" ? {} : { tls: { ...tls, ...mutual } },
    ),
  );
}

beforeAll(async () => {
  // The certificates of both sides are made and the servers up before any test.
  await Promise.all(SERVERS.flatMap((server) => [startEmulator(server), startRealtime(server)]));
}, 60_000);

afterAll(async () => {
  for (const { process } of emulators.values()) process.child.kill("SIGTERM");
  await Promise.all([...realtime.values()].map((server) => server.close()));
});

function uriOf(kind: "grpc" | "ws", server: Server): string {
  const port = kind === "grpc" ? emulators.get(server)?.port : realtime.get(server)?.address.split(":")[1];
  return `${kind}${server === "plain" ? "" : "s"}://localhost:${port}`;
}

interface Report {
  usable: boolean;
  steps: { name: string; ok: boolean; detail: string; advice?: string }[];
}

async function check(
  uri: string,
  env: Record<string, string>,
): Promise<{ report: Report; exitCode: number }> {
  const { out, exitCode } = await runBench(["check", "--json", "--target", uri], { env });
  return { report: JSON.parse(out) as Report, exitCode };
}

const GOOD = [
  ["plain", {}],
  ["tls", TRUST],
  ["mtls", CLIENT],
] as const satisfies readonly (readonly [Server, Record<string, string>])[];

describe.each(["grpc", "ws"] as const)("%s", (kind) => {
  test.each(GOOD)("%s passes the check", async (server, env) => {
    const { report, exitCode } = await check(uriOf(kind, server), env);
    expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(exitCode).toBe(0);
  });

  test.each([
    ["expired", TRUST, /expired/, /Renew/],
    ["elsewhere", TRUST, /altnames|match/, /another host/],
    ["stranger", TRUST, /verify|issuer/, /RIVA_SSL_CA/],
    ["mtls", TRUST, /certificate required/, /RIVA_SSL_CERT/],
  ] as const)("%s with %o is refused in its own words", async (server, env, detail, advice) => {
    const { report, exitCode } = await check(uriOf(kind, server), env);
    const failed = report.steps.find(({ ok }) => !ok);
    expect([failed?.detail, failed?.advice]).toEqual([
      expect.stringMatching(detail),
      expect.stringMatching(advice),
    ]);
    expect(exitCode).toBe(7);
  });
});

describe("a short run", () => {
  const scenario = join(tempFolder(), "short.yaml");
  writeFileSync(
    scenario,
    `name: short
load: { model: concurrency, streams: 2 }
duration: { steady: 2s }
audio: { clips: { max: 2500ms } }
slo: [error_ratio < 1%]
`,
  );
  const run = (
    uri: string,
    env: Record<string, string>,
    out: string,
    flags: string[] = [],
  ): ReturnType<typeof bench> =>
    bench(["--scenario", scenario, "--target", uri, "--out", out, "--workers", "1", ...flags], {
      env: { ...env, RIVA_API_KEY: SECRET },
    });

  test("goes well over all of them, and its records hold no secret", { timeout: 180_000 }, async () => {
    const runs = [
      ...GOOD.map(([server, env]) => ({ kind: "grpc" as const, server, env, flags: [] as string[] })),
      { kind: "grpc" as const, server: "mtls" as const, env: CLIENT, flags: ["--transport", "riva-h2"] },
      { kind: "ws" as const, server: "mtls" as const, env: CLIENT, flags: [] },
    ];
    for (const { kind, server, env, flags } of runs) {
      const measured = await undisturbed(async () => {
        const out = join(tempFolder(), "run");
        const finished = await run(uriOf(kind, server), env, out, flags);
        return { out, ...finished, ...readRun(out) };
      });
      const { out, code, stdout, stderr, result } = measured;
      expect([kind, server, failuresOfOthers(result)]).toEqual([kind, server, []]);
      expect(result.sessions.completed).toBeGreaterThan(0);
      expect(code).toBe(result.verdict === "void" ? 5 : 0);
      const texts = readdirSync(out).map((name) => readFileSync(join(out, name), "utf8"));
      for (const text of [...texts, stdout, stderr]) expect(text).not.toContain(SECRET);
    }
  });

  test("ends with 7 before any load when the certificate is no good", { timeout: 60_000 }, async () => {
    const cases = [
      { uri: uriOf("grpc", "expired"), env: TRUST, says: /expired/, flags: ["--transport", "riva-h2"] },
      { uri: uriOf("grpc", "mtls"), env: TRUST, says: /RIVA_SSL_CERT/, flags: [] },
      { uri: uriOf("ws", "stranger"), env: TRUST, says: /RIVA_SSL_CA/, flags: [] },
      { uri: uriOf("ws", "elsewhere"), env: TRUST, says: /another host/, flags: [] },
    ];
    await Promise.all(
      cases.map(async ({ uri, env, says, flags }) => {
        const { code, stderr } = await run(uri, env, join(tempFolder(), "run"), flags);
        expect([code, stderr]).toEqual([7, expect.stringMatching(says)]);
        expect(stderr).not.toContain(SECRET);
      }),
    );
  });
});
