/** A run through the gateway that is watched in every way at once: what each watcher gets, from the built command line. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { bench, readRun, startBench, tempFolder } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const SCENARIO = `name: watched
description: Six callers through the gateway, before a server with errors
load: { model: concurrency, streams: 6, rampIn: 0s }
duration: { warmup: 1s, steady: 3s }
audio: { clips: { max: 3s } }
slo: [error_ratio < 100%]
`;

interface Request {
  method: string | undefined;
  path: string | undefined;
  type: string | undefined;
  body: Buffer;
}

/** Takes whatever is sent to it. */
async function sink(): Promise<{ url: string; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method, url: path, headers } = request;
      requests.push({ method, path, type: headers["content-type"], body: Buffer.concat(parts) });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** The gateway before a recogniser, and its log's lines once it has been stopped. */
async function gatewayBefore(upstream: string): Promise<{ url: string; log(): Promise<GatewayLine[]> }> {
  const { child, finished } = startBench(["gateway", "--port", "0", "--upstream", upstream]);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (data: Buffer) => {
      const match = /listening on http:\/\/127\.0\.0\.1:(\d+)\//.exec(data.toString());
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    void finished.then(({ stderr }) => reject(new Error(`the gateway did not start: ${stderr}`)));
  });
  const stop = async (): Promise<GatewayLine[]> => {
    child.kill("SIGTERM");
    const { stderr } = await finished;
    return stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as GatewayLine);
  };
  stops.push(stop);
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status, { timeout: 5000 })
    .toBe(200);
  return { url: `ws://127.0.0.1:${port}/v1/stream`, log: stop };
}

interface GatewayLine {
  msg: string;
  traceId?: string;
}

test("traces, JSON lines, remote write and Pushgateway tell of the same sessions; the gateway's log has the traces' ids", async () => {
  // Late enough that words have been heard: until then the gateway tries again, and no caller notices.
  const emulator = await startEmulatorProcess(["--fault", "error:rate=40%,after=1.5s"]);
  stops.push(() => emulator.stop());
  const gateway = await gatewayBefore(`grpc://127.0.0.1:${emulator.port}`);
  const collector = await otlpReceiver();
  stops.push(() => collector.close());
  const [writes, pushes] = [await sink(), await sink()];
  const folder = tempFolder();
  const scenario = join(folder, "watched.yaml");
  writeFileSync(scenario, SCENARIO);
  const out = join(folder, "run");
  const { stdout, stderr } = await bench([
    ...["--scenario", scenario, "--target", gateway.url, "--out", out],
    ...["--json-lines", "--otlp", collector.url, "--otlp-sample", "1"],
    ...["--remote-write", `${writes.url}/api/v1/write`, "--pushgateway", pushes.url],
  ]);
  expect(stderr).not.toMatch(/error:|left out/i);
  const { result, sessions } = readRun(out);

  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; result?: object; sessions?: object });
  expect(lines[0]?.type).toBe("start");
  expect(lines.filter(({ type }) => type === "tick").length).toBeGreaterThanOrEqual(3);
  expect(lines.at(-1)).toEqual({ type: "result", result: JSON.parse(JSON.stringify(result)) as object });

  const roots = collector.spans.filter(({ name }) => name === "session");
  expect(roots).toHaveLength(sessions.length);
  const failed = sessions.filter(({ failure }) => failure !== undefined).length;
  expect(failed).toBeGreaterThan(0);
  expect(roots.filter(({ status }) => status.code === 2)).toHaveLength(failed);
  const logged = (await gateway.log()).flatMap(({ msg, traceId }) =>
    msg === "session closed" ? [traceId] : [],
  );
  expect(roots.map(({ traceId }) => traceId)).toEqual(expect.arrayContaining(logged));
  // Of a session that ended before its configuration was accepted, on a machine that stood still, the gateway may know nothing.
  expect(logged.length).toBeGreaterThanOrEqual(
    sessions.filter(({ readyMs }) => readyMs !== undefined).length,
  );
  expect(new Set(logged).size).toBe(logged.length);

  expect(writes.requests.length).toBeGreaterThan(0);
  for (const { method, path, type } of writes.requests)
    expect([method, path, type]).toEqual(["POST", "/api/v1/write", "application/x-protobuf"]);
  expect(pushes.requests).toHaveLength(1);
  expect(pushes.requests[0]?.path).toMatch(
    /^\/metrics\/job\/riva_bench\/instance@base64\/[\w-]+\/scenario\/watched\/target@base64\/[\w-]+$/,
  );
  const exact = result.metrics["rtfx"]?.value;
  expect(pushes.requests[0]?.body.toString()).toMatch(
    new RegExp(`^bench_result_value\\{[^}]*metric="rtfx"[^}]*\\} ${exact}$`, "m"),
  );
}, 60_000);
