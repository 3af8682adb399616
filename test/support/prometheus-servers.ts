/** Debian's Prometheus, Alertmanager and Pushgateway as child processes, each on a free loopback port and in a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Folder of the binaries; unpacks the packages when they are not there. @throws Error that says how to get them */
export function prometheusBinaries(): string {
  return execFileSync(join(ROOT, "scripts/get-prometheus.sh"), { encoding: "utf8", timeout: 120_000 }).trim();
}

export interface Server {
  url: string;
  folder: string;
  stop(): Promise<void>;
}

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** @param config of prometheus.yml; rule files are named absolutely */
export async function startPrometheus(config: string): Promise<Server> {
  return start("prometheus", (folder, port) => {
    writeFileSync(join(folder, "prometheus.yml"), config);
    return [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--enable-feature=exemplar-storage",
      "--log.level=warn",
    ];
  });
}

export async function startAlertmanager(config: string): Promise<Server> {
  return start("prometheus-alertmanager", (folder, port) => {
    writeFileSync(join(folder, "alertmanager.yml"), config);
    return [
      `--config.file=${join(folder, "alertmanager.yml")}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--log.level=warn",
    ];
  });
}

export async function startPushgateway(): Promise<Server> {
  return start("prometheus-pushgateway", (_, port) => [
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
  ]);
}

const READY_LIMIT_MS = 20_000;

async function start(binary: string, flags: (folder: string, port: number) => string[]): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), `riva-bench-${binary}-`));
  const port = await freePort();
  const child = spawn(join(prometheusBinaries(), binary), flags(folder, port), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (said += data.toString()));
  const url = `http://127.0.0.1:${port}`;
  await until(`${binary} is ready`, READY_LIMIT_MS, async () => {
    if (child.exitCode !== null) throw new Error(`${binary} ended: ${said}`);
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true;
  });
  return { url, folder, stop: () => stop(child) };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** Asks every quarter of a second. @throws Error when it does not come true in time */
export async function until(what: string, limitMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

/** An instant query, at a moment in seconds or now. */
export async function query(server: Server, expr: string, atS?: number): Promise<Series[]> {
  return ask(server, "query", { query: expr, ...(atS === undefined ? {} : { time: `${atS}` }) });
}

export async function queryRange(
  server: Server,
  expr: string,
  fromS: number,
  toS: number,
): Promise<Series[]> {
  return ask(server, "query_range", { query: expr, start: `${fromS}`, end: `${toS}`, step: "1" });
}

async function ask(server: Server, path: string, parameters: Record<string, string>): Promise<Series[]> {
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method: "POST",
    body: new URLSearchParams(parameters),
  });
  const body = (await response.json()) as { status: string; error?: string; data?: { result: Series[] } };
  if (body.status !== "success") throw new Error(`${parameters["query"]}: ${body.error}`);
  return body.data?.result ?? [];
}
