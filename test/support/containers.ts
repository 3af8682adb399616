/**
 * Containers of the image under test, held as tight as one can: read-only root, no capability, limits of memory and processors. The
 * script that starts the suite (scripts/test-image.sh) removes what they leave.
 */
import { execFile } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { Finished } from "./bench-process.ts";

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: npm run test:image`);
  return value;
}

const ENGINE = given("CONTAINER_ENGINE");

/** Podman, or docker. */
export const hasPodman: boolean = ENGINE === "podman";

/** The image under test. */
export const IMAGE: string = `riva-bench:${given("RIVA_BENCH_TAG")}`;

/** Label, start of names and compose project of this run of the suite. */
export const RUN: string = given("BENCH_IMAGE_RUN");

/** Where this run of the suite keeps its files. */
export const FOLDER: string = given("BENCH_IMAGE_FOLDER");

const HELD_TIGHT = [
  ...["--label", `riva-bench-test=${RUN}`, "--read-only", "--cap-drop", "ALL"],
  ...["--security-opt", "no-new-privileges", "--memory", "512m", "--cpus", "1"],
];

/** Runs a program to its end. */
export async function command(program: string, args: readonly string[]): Promise<Finished> {
  try {
    return { code: 0, ...(await promisify(execFile)(program, args, { maxBuffer: 2 ** 26 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Finished & Error;
    if (typeof code !== "number") throw error;
    return { code, stdout, stderr };
  }
}

/** Runs a command of podman's, or docker's. */
export async function engine(...args: readonly string[]): Promise<Finished> {
  return command(ENGINE, args);
}

/** The same, of which success is expected. @returns its standard output, trimmed */
export async function engineSays(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine(...args);
  if (code !== 0) throw new Error(`${ENGINE} ${args.join(" ")}: ${code}: ${stderr}`);
  return stdout.trim();
}

/** Runs a command of the image to its end. @param options those of `podman run` */
export async function inContainer(
  args: readonly string[],
  options: readonly string[] = [],
): Promise<Finished> {
  return engine("run", "--rm", "--no-healthcheck", ...HELD_TIGHT, ...options, IMAGE, ...args);
}

/** Starts one that stays until it is stopped. @returns its full name */
export async function startContainer(
  name: string,
  args: readonly string[],
  options: readonly string[] = [],
): Promise<string> {
  const full = `${RUN}-${name}`;
  await engineSays("run", "--detach", "--name", full, ...HELD_TIGHT, ...options, IMAGE, ...args);
  return full;
}

/** Stops one as `podman stop` does. @returns its exit code and how long it took */
export async function stopContainer(name: string): Promise<{ code: number; tookMs: number }> {
  const startMs = performance.now();
  await engineSays("stop", "--time", "20", name);
  const tookMs = performance.now() - startMs;
  return { code: Number(await engineSays("inspect", "--format", "{{.State.ExitCode}}", name)), tookMs };
}

/** Asks the image's own health check until it is content. */
export async function healthy(name: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { code } = await engine("exec", name, "node", "/app/deploy/healthcheck.mjs");
    if (code === 0) return;
    await pause(250);
  }
  throw new Error(`${name} did not become healthy: ${(await engine("logs", name)).stderr}`);
}

/** A folder to mount for results. @param owner who may write to it */
export function resultsFolder(name: string, owner: number): { folder: string; mount: string[] } {
  const folder = join(FOLDER, name);
  mkdirSync(folder, { mode: 0o755 });
  chownSync(folder, owner, owner);
  return { folder, mount: ["--volume", `${folder}:/work/results`] };
}
