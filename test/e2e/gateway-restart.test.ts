/** An exception that nothing catches, in the gateway as its user runs it: the worker is replaced, and callers hardly notice. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { sleep, tempFolder } from "../support/bench-process.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { Caller } from "../support/gateway.ts";
import { gatewayReady, launchGateway } from "../support/gateway-process.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Throws in the worker, in a timer of its own, when the file is there; which is gone then. */
const SABOTAGE = `
import { isMainThread } from "node:worker_threads";
import { existsSync, unlinkSync, readFileSync } from "node:fs";
const file = process.env.SABOTAGE;
if (!isMainThread) setInterval(() => {
  if (!existsSync(file)) return;
  const how = readFileSync(file, "utf8");
  unlinkSync(file);
  if (how === "reject") void Promise.reject(new Error("nobody waits"));
  else throw new RangeError("Value is not a valid number: Infinity");
}, 20).unref();
`;

test.each(["throw", "reject"])(
  "uncaught (%s): new sessions go to a new worker, the open one ends well",
  async (how) => {
    const upstream = await startDelayServer({ partialMs: 0, finalMs: 0, text: "one two three" });
    stops.push(() => upstream.close());
    const folder = tempFolder();
    const [script, file, keys] = ["sabotage.mjs", "now", "keys.txt"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(script, SABOTAGE);
    writeFileSync(keys, "web 0123456789abcdef\n", { mode: 0o600 });
    const gateway = await launchGateway(
      ["--upstream", `grpc://${upstream.address}`, "--api-keys-file", keys],
      {
        NODE_OPTIONS: `--import ${pathToFileURL(script).href}`,
        SABOTAGE: file,
      },
    );
    stops.push(() => gateway.child.kill("SIGKILL"));
    await gatewayReady(gateway);
    const http = `http://127.0.0.1:${gateway.port}`;
    const headers = { "x-api-key": "0123456789abcdef" };
    const begin = async (): Promise<Caller> => {
      const caller = new Caller(`ws://127.0.0.1:${gateway.port}/v1/stream`, { headers });
      caller.socket.on("open", () => caller.json({ type: "start" }));
      await Promise.race([caller.heard("ready").catch(() => undefined), caller.closed]);
      return caller;
    };
    const end = async (caller: Caller): Promise<unknown> => {
      caller.socket.send(Buffer.alloc(3200));
      caller.json({ type: "finish" });
      return [(await caller.closed).code, caller.of("final")[0]?.["text"]];
    };
    const made = await fetch(`${http}/v1/realtime/transcription_sessions`, { method: "POST", headers });
    const { client_secret } = (await made.json()) as { client_secret: { value: string } };
    const open = await begin();

    writeFileSync(file, how);
    await expect.poll(() => existsSync(file)).toBe(false);
    const statuses: number[] = [];
    const serves = async (): Promise<boolean> => {
      const status = await fetch(`${http}/health/ready`).then(
        (response) => response.status,
        () => 0,
      );
      statuses.push(status);
      const metrics = status === 200 ? await (await fetch(`${http}/metrics`)).text() : "";
      return /^bench_gateway_worker_restarts_total 1$/m.test(metrics);
    };
    await expect.poll(serves, { timeout: 15_000, interval: 20 }).toBe(true);
    // Not ready while it is replaced.
    expect(statuses).toContain(503);
    const after = await begin();
    expect(after.refused).toBeUndefined();
    expect(await Promise.all([end(open), end(after)])).toEqual([
      [1000, "one two three"],
      [1000, "one two three"],
    ]);
    // Tokens of the old worker are good with the new one.
    const protocols = ["realtime", `realtime-token.${client_secret.value}`];
    const byToken = new Caller(`ws://127.0.0.1:${gateway.port}/v1/realtime?intent=transcription`, {
      protocols,
    });
    await byToken.heard("conversation.created");
    byToken.socket.terminate();
    await sleep(50);
    const { code, stderr } = await gateway.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/"place":"process","error":"(RangeError|Error)"/);
    expect(stderr).not.toMatch(/this is a bug|nobody waits|valid number/);
  },
  60_000,
);
