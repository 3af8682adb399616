/** A real nats-server as a child process, on a free loopback port and in a folder of its own. */
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { freePort } from "./prometheus-servers.ts";
import { sleep } from "./bench-process.ts";

export interface NatsServer {
  /** `nats://127.0.0.1:port`. */
  url: string;
  /** 127.0.0.1:port. */
  address: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again at the same port, with what it has stored. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a server with JetStream.
 * @param flags more flags of nats-server
 * @param jetStream false leaves JetStream out
 */
export async function startNatsServer(flags: readonly string[] = [], jetStream = true): Promise<NatsServer> {
  const binary = execFileSync(join(PACKAGE_ROOT, "scripts/get-nats-server.sh"), {
    encoding: "utf8",
    timeout: 60_000,
  }).trim();
  const folder = mkdtempSync(join(tmpdir(), "riva-bench-nats-"));
  const port = await freePort();
  const store = jetStream ? ["-js", "-sd", folder] : [];
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(binary, ["-a", "127.0.0.1", "-p", `${port}`, ...store, ...flags], { stdio: "ignore" });
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
      await sleep(20);
    }
  }
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  }

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    address: `127.0.0.1:${port}`,
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
