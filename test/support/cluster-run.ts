/** `bench cluster run`, followed while it lasts. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "./bench-process.ts";
import { besideCluster } from "./cluster.ts";

/** Two cores carry all of it. */
const VALUES = `run: { resources: { requests: { cpu: 50m, memory: 64Mi } } }
workers: { resources: { requests: { cpu: 50m, memory: 64Mi } } }
nats: { resources: { requests: { cpu: 50m, memory: 64Mi } } }
emulator: { resources: { requests: { cpu: 50m, memory: 64Mi } } }
`;

export interface StartedRun {
  id: string;
  folder: string;
  /** Resolves with the first line that matches. */
  sees(pattern: RegExp): Promise<void>;
  interrupt(): void;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

let count = 0;

/** Begins a run of a scenario's text; its folder will be `folder`. */
export function startRun(scenario: string, ...flags: string[]): StartedRun {
  const cwd = tempFolder();
  const id = `run-${process.pid}-${++count}`;
  writeFileSync(join(cwd, "scenario.yaml"), scenario);
  writeFileSync(join(cwd, "values.yaml"), VALUES);
  const args = ["cluster", "run", "-s", "scenario.yaml", "-f", "values.yaml", "--run", id, "--out", "out"];
  const [program, all] = besideCluster([...args, ...flags]);
  const child = spawn(program, all, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stdout, stderr })),
  );
  const watchers = new Set<() => void>();
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
    for (const look of watchers) look();
  });
  return {
    id,
    folder: join(cwd, "out"),
    ended,
    interrupt: () => child.kill("SIGINT"),
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stderr)) resolve();
        };
        watchers.add(look);
        look();
        void ended.then(({ code }) =>
          reject(new Error(`ended with ${code} before ${String(pattern)}: ${stderr}`)),
        );
      }),
  };
}
