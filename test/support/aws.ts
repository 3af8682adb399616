/** The tools of scripts/get-aws-tools.sh, and moto: an AWS that is a process on loopback. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import type { Finished } from "./bench-process.ts";
import { sleep } from "./bench-process.ts";
import { freePort } from "./prometheus-servers.ts";

/** The folder of cfn-lint, checkov, moto_server and aws; installs them where they are missing. */
export function awsTools(): string {
  return execFileSync(join(PACKAGE_ROOT, "scripts/get-aws-tools.sh"), { encoding: "utf8" }).trim();
}

/** Runs a program to its end; what it exits with is no error. */
export function program(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 1e8, ...options }, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? null);
      if (typeof code === "string") reject(new Error(error?.message));
      else resolve({ code, stdout, stderr });
    });
  });
}

export interface Moto {
  /** The environment in which the AWS CLI asks it. */
  env: Record<string, string>;
  /** Its answer, parsed; throws what the AWS CLI says when it refuses. */
  ask(...args: string[]): Promise<unknown>;
  stop(): void;
}

export async function startMoto(tools: string): Promise<Moto> {
  const port = await freePort();
  const server = spawn(join(tools, "moto_server"), ["-H", "127.0.0.1", "-p", `${port}`], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let looks = 1; !(await answers(`${url}/moto-api/`)); looks++) {
    if (looks === 300 || server.exitCode !== null) throw new Error("moto_server did not start");
    await sleep(200);
  }
  const env = {
    PATH: `${tools}${delimiter}${process.env["PATH"] ?? ""}`,
    HOME: tmpdir(),
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: "moto",
    AWS_SECRET_ACCESS_KEY: "moto",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
  };
  return {
    env,
    async ask(...args) {
      const { code, stdout, stderr } = await program(join(tools, "aws"), [...args, "--output", "json"], {
        env,
      });
      if (code !== 0) throw new Error(stderr);
      return stdout === "" ? undefined : (JSON.parse(stdout) as unknown);
    },
    stop() {
      server.kill("SIGKILL");
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** A folder of programs that are not what they seem, for the front of PATH: name -> text of a shell script. */
export function fakePrograms(programs: Readonly<Record<string, string>>): string {
  const folder = join(mkdtempSync(join(tmpdir(), "riva-bench-fakes-")), "bin");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}
