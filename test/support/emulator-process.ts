/** The emulator as its user runs it: `bench emulator` in a process of its own, ready when this returns. */
import { startBench } from "./bench-process.ts";

export interface RunningEmulator {
  port: number;
  httpPort: number | undefined;
  stop(): Promise<void>;
}

/** Starts it on free ports; `args` are more of its flags. */
export async function startEmulatorProcess(args: readonly string[]): Promise<RunningEmulator> {
  const { child, finished } = startBench(["emulator", "--port", "0", "--json", ...args]);
  const ready = await new Promise<{ port: number; httpPort?: number }>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (data: Buffer) => {
      text += data.toString();
      const [line, rest] = text.split("\n");
      if (rest !== undefined) resolve(JSON.parse(line ?? "") as { port: number; httpPort?: number });
    });
    void finished.then(({ stderr }) => reject(new Error(`the emulator did not start: ${stderr}`)));
  });
  return {
    port: ready.port,
    httpPort: ready.httpPort,
    async stop() {
      child.kill("SIGINT");
      await finished;
    },
  };
}
