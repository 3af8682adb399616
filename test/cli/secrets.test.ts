/**
 * A different secret in each place that takes one, and none of them in anything that is printed, stored or exposed. What is
 * sent goes to whom it is meant for.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench, startBench, tempFolder } from "../support/bench-process.ts";
import { descendants } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";

const stops: (() => unknown)[] = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Each has its own, so that a leak says where it came from. */
function secret(place: string): string {
  return `s3cr3t-${place}-7f3a`;
}
const LEAK = /s3cr3t-[a-z-]+-7f3a/gi;

const SCENARIO = `name: leaky
load: { model: concurrency, streams: 2, rampIn: 0s }
duration: { warmup: 0s, steady: 2s, drain: auto }
audio: { clips: { max: 3s } }
slo: [error_ratio < 100%]
`;

interface Asked {
  path: string;
  headers: Record<string, unknown>;
  body: string;
}

/** Takes whatever is sent, says no, and repeats all that it was told. */
async function parrot(status: number): Promise<{ host: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { url: path = "", headers } = request;
      asked.push({ path, headers, body: Buffer.concat(parts).toString("latin1") });
      response.writeHead(status).end(`no: ${path} ${JSON.stringify(headers)}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A speech server that fails every call with all that it was told. */
async function grpcParrot(): Promise<string> {
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    const message = encodeURIComponent(JSON.stringify(headers));
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": "13", "grpc-message": message },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  return `grpc://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function expectNoLeak(what: string, text: string): void {
  const coded = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].map(([word]) =>
    Buffer.from(word, "base64").toString("latin1"),
  );
  const found = [text, ...coded].flatMap((each) => each.match(LEAK) ?? []);
  expect(found, what).toEqual([]);
}

const folder = tempFolder();
const out = join(folder, "run");
let target: string;
let environment: Record<string, string>;
let services: Record<"scrape" | "write" | "push" | "otlp", Awaited<ReturnType<typeof parrot>>>;

beforeAll(async () => {
  writeFileSync(join(folder, "leaky.yaml"), SCENARIO);
  // It fails streams, and says who called in its errors.
  const emulator = await startEmulatorProcess(["--fault", "error:rate=40%,after=300ms"]);
  stops.push(() => emulator.stop());
  services = {
    scrape: await parrot(500),
    write: await parrot(400),
    push: await parrot(401),
    otlp: await parrot(403),
  };
  target = join(folder, "target.yaml");
  writeFileSync(
    target,
    `name: leaky
uri: grpc://127.0.0.1:${emulator.port}
scrape:
  - http://user:${secret("scrape-url")}@${services.scrape.host}/metrics?token=${secret("scrape-query")}
  - { url: "http://${services.scrape.host}/m", headers: { x-api-key: "\${SCRAPE_KEY}" } }
metadata: { x-auth: "\${META}", x-tenant: "\${TENANT}", x-open: shown-value }
publicMetadata: [x-open]
`,
  );
  environment = {
    META: secret("metadata"),
    TENANT: secret("tenant"),
    SCRAPE_KEY: secret("scrape-header"),
    RIVA_API_KEY: secret("api-key"),
    RIVA_FUNCTION_ID: secret("function"),
    RIVA_SSL_KEY_PASSPHRASE: secret("passphrase"),
    BENCH_SCRAPE_TOKEN: secret("scrape-token"),
    BENCH_REMOTE_WRITE_HEADERS: `x-scope-orgid=${secret("write-header")}`,
    BENCH_PUSHGATEWAY_TOKEN: secret("push-token"),
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${secret("otlp-other")},x-otlp=${secret("otlp-header")}`,
    https_proxy: `http://user:${secret("proxy")}@127.0.0.1:9`,
    no_proxy: "127.0.0.1",
  };
});

test("a run that fails everywhere tells none of its secrets, and sends each where it belongs", async () => {
  const run = startBench(
    [
      ...[
        "--scenario",
        join(folder, "leaky.yaml"),
        "--target",
        target,
        "--out",
        out,
        "--debug",
        "--metrics-port",
        "0",
      ],
      ...[
        "--remote-write",
        `http://u:${secret("write-url")}@${services.write.host}/w?key=${secret("write-query")}`,
      ],
      ...[
        "--pushgateway",
        `http://${services.push.host}/?k=${secret("push-query")}`,
        "--metrics-linger",
        "0",
      ],
      ...["--otlp", `http://u:${secret("otlp-url")}@${services.otlp.host}`, "--otlp-sample", "1"],
    ],
    { env: environment },
  );
  const [, port = ""] = await run.sees(/localhost:(\d+)\/metrics/);
  let exposed = "";
  let commandLines = "";
  const looking = setInterval(() => {
    void fetch(`http://127.0.0.1:${port}/metrics`).then(
      async (response) => (exposed = (await response.text()) || exposed),
      () => undefined,
    );
    commandLines += descendants(run.child.pid ?? 0)
      .map((pid) => commandLine(pid))
      .join("\n");
  }, 400);
  const { stdout, stderr, code } = await run.finished;
  clearInterval(looking);
  expect([2, 7, 1]).not.toContain(code);
  expect(stderr).toMatch(/remote write failed/);
  expectNoLeak("standard output", stdout);
  expectNoLeak("standard error", stderr);
  expect(exposed).toContain("bench_run_info");
  expectNoLeak("/metrics", exposed);
  expect(commandLines).toContain("worker");
  expectNoLeak("command lines of its children", commandLines);
  const files = filesBelow(out);
  expect(files.map((file) => file.slice(out.length + 1)).sort()).toEqual(
    expect.arrayContaining([
      "events.ndjson",
      "report.html",
      "result.json",
      "run.json",
      "sessions.ndjson",
      "scenario.yaml",
    ]),
  );
  for (const file of files) {
    expectNoLeak(file, readFileSync(file, "utf8"));
    expect([file, (statSync(file).mode & 0o777).toString(8)]).toEqual([file, "600"]);
  }
  expect((statSync(out).mode & 0o777).toString(8)).toBe("700");
  for (const { asked } of Object.values(services)) {
    expect(asked.length).toBeGreaterThan(0);
    for (const { body } of asked) expectNoLeak("what was pushed", body);
  }
  const basic = (user: string, place: string): string =>
    `Basic ${Buffer.from(`${user}:${secret(place)}`).toString("base64")}`;
  expect(services.scrape.asked.map(({ headers }) => headers)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ authorization: basic("user", "scrape-url") }),
      expect.objectContaining({
        "x-api-key": secret("scrape-header"),
        authorization: `Bearer ${secret("scrape-token")}`,
      }),
    ]),
  );
  expect(services.write.asked[0]?.headers).toMatchObject({
    authorization: basic("u", "write-url"),
    "x-scope-orgid": secret("write-header"),
  });
  expect(services.push.asked[0]?.headers).toMatchObject({ authorization: `Bearer ${secret("push-token")}` });
  expect(services.otlp.asked[0]?.headers).toMatchObject({
    authorization: basic("u", "otlp-url"),
    "x-otlp": secret("otlp-header"),
  });
}, 60_000);

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

test("a server that repeats what it was sent does not get it into any record", async () => {
  const parroted = join(folder, "parroted.yaml");
  const lines = 'metadata: { x-auth: "${META}", x-tenant: "${TENANT}" }\n';
  writeFileSync(parroted, `name: parrot\nuri: ${await grpcParrot()}\n${lines}`);
  const run = join(folder, "parroted");
  const commands = [
    ["run", "--scenario", join(folder, "leaky.yaml"), "--target", parroted, "--out", run],
    ["check", "--target", parroted],
    ["check", "--target", parroted, "--json"],
    ["transcribe", "--json", "--retries", "0", "--target", parroted, speechFile()],
  ];
  for (const command of commands) {
    const { stdout, stderr } = await bench(command, { env: environment });
    expectNoLeak(command.join(" "), stdout + stderr);
    if (command[0] !== "run") expect(stdout + stderr).toContain("(hidden)");
  }
  const records = readFileSync(join(run, "sessions.ndjson"), "utf8");
  expect(records).toMatch(/"x-auth[^,]*\(hidden\)/);
  for (const file of filesBelow(run)) expectNoLeak(file, readFileSync(file, "utf8"));
}, 60_000);

function speechFile(): string {
  const [name = ""] = readdirSync("datasets/core/wav").filter((each) => each.endsWith(".wav"));
  return join(process.cwd(), "datasets/core/wav", name);
}

test.each([
  ...["table", "html", "markdown", "json", "csv", "junit"].map((format) => [
    "report",
    out,
    "--format",
    format,
  ]),
  ["gate", out],
  ["history", join(out, "..")],
  ["check", "--target", "TARGET"],
  ["check", "--target", "TARGET", "--json"],
  ["transcribe", "--target", "TARGET", "SPEECH"],
])(
  "bench %s %s %s %s tells none",
  async (...args) => {
    const given = args.map((arg) => (arg === "TARGET" ? target : arg === "SPEECH" ? speechFile() : arg));
    const { stdout, stderr, code } = await bench(given, { env: environment });
    expect([1, 2], stderr).not.toContain(code);
    expect(stdout + stderr).not.toBe("");
    expectNoLeak(args.join(" "), stdout + stderr);
    if (args.includes("--json")) expect(stdout).toContain("shown-value");
  },
  30_000,
);

test.each([
  ["--target", `grpc://user:${secret("uri")}@127.0.0.1:1`],
  ["--target", `user:${secret("uri")}@127.0.0.1:1`],
  ["--target", `ws://127.0.0.1:1/nothing?token=${secret("uri-query")}`],
  ["--remote-write", `htp://user:${secret("uri")}@h`],
  ["--remote-write", `http://user:pass/${secret("uri")}@h`],
  ["--pushgateway", `http://user:${secret("uri")}%@h`],
  ["--otlp", `http://user:${secret("uri")}#@h`],
  ["--remote-wirte", `http://user:${secret("uri")}@h`],
  [`http://user:${secret("uri")}@h`],
  ["--scenario", `http://user:${secret("uri")}@h`],
])(
  "what can't be used is bad input, and not repeated: %s",
  async (...args) => {
    const { stdout, stderr, code } = await bench(["run", "--quiet", ...args, "--debug"]);
    expect(code, stderr).toBe(2);
    expectNoLeak(args.join(" ").slice(0, 20), stdout + stderr);
  },
  30_000,
);

test("the gateway tells none, neither in its settings nor in its log nor to who asks it", async () => {
  const keys = join(folder, "keys");
  writeFileSync(keys, `caller ${secret("gateway-key")}-and-some-more-of-it\n`, { mode: 0o600 });
  const env = {
    ...environment,
    BENCH_GATEWAY_TOKEN_SECRET: `${secret("gateway-token")}-long-enough-to-be-one-0123456789`,
  };
  const flags = [
    "gateway",
    "--port",
    "0",
    "--upstream",
    target,
    "--api-keys-file",
    keys,
    "--log-level",
    "debug",
  ];
  const checked = await bench([...flags, "--check-config"], { env });
  expect(checked.code, checked.stderr).toBe(0);
  expectNoLeak("--check-config", checked.stdout + checked.stderr);
  const { child, finished } = startBench(flags, { env });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (data: Buffer) => {
      const found = /listening on (http:\/\/[\d.:]+)/.exec(data.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
    void finished.then(({ stderr }) => reject(new Error(stderr)));
  });
  let told = "";
  for (const path of [
    "/metrics",
    "/health/ready",
    `/v1/stream?token=${secret("query-token")}`,
    `/v1/none?key=${secret("query-key")}`,
  ]) {
    for (const key of [secret("wrong-key"), `${secret("gateway-key")}-and-some-more-of-it`]) {
      const response = await fetch(url + path, {
        headers: { authorization: `Bearer ${key}`, cookie: `a=${secret("cookie")}` },
      });
      told += JSON.stringify([...response.headers]) + (await response.text());
    }
  }
  child.kill("SIGTERM");
  const { stdout, stderr } = await finished;
  expectNoLeak("answers", told);
  expectNoLeak("log", stdout + stderr);
  for (const uri of [`grpc://u:${secret("upstream")}@h:1`, `grpc://h:1?token=${secret("upstream")}`]) {
    const refused = await bench(["gateway", "--upstream", uri, "--check-config"], { env });
    expect(refused.code).toBe(2);
    expectNoLeak(uri, refused.stdout + refused.stderr);
  }
}, 40_000);
