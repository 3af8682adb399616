/** The gateway as its user runs it: `bench gateway` in a process of its own. */
import type { BenchProcess, Finished } from "./bench-process.ts";
import { sleep, startBench } from "./bench-process.ts";

export interface RunningGateway extends BenchProcess {
  port: number;
  /** SIGTERM; resolves with its exit code and its log. */
  stop(): Promise<Finished>;
}

/** Starts it on a free port; resolves when it listens. */
export async function launchGateway(
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<RunningGateway> {
  const gateway = startBench(["gateway", "--port", "0", ...flags], { env });
  const { child, finished } = gateway;
  const port = await new Promise<number>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (data: Buffer) => {
      const match = /listening on https?:\/\/127\.0\.0\.1:(\d+)\//.exec((text += data.toString()));
      if (match !== null) resolve(Number(match[1]));
    });
    void finished.then(({ stderr }) => reject(new Error(`the gateway did not start: ${stderr}`)));
  });
  const stop = (): Promise<Finished> => {
    child.kill("SIGTERM");
    return finished;
  };
  return { ...gateway, port, stop };
}

/** Resolves when it knows that one of its recognisers is there. */
export async function gatewayReady({ port, stop }: RunningGateway): Promise<void> {
  for (let looks = 1; (await fetch(`http://127.0.0.1:${port}/health/ready`)).status !== 200; looks++) {
    if (looks === 100) throw new Error(`the gateway reached no recogniser: ${(await stop()).stderr}`);
    await sleep(50);
  }
}

/**
 * Starts it on a free port before recognisers on these ports of loopback; resolves when it listens and knows that one of
 * them is there.
 */
export async function startGatewayProcess(
  ports: readonly number[],
  flags: readonly string[] = [],
): Promise<RunningGateway> {
  const upstreams = ports.flatMap((port) => ["--upstream", `grpc://127.0.0.1:${port}`]);
  const gateway = await launchGateway([...upstreams, ...flags]);
  await gatewayReady(gateway);
  return gateway;
}
