import { describe, expect, it } from "vitest";
import { realClock } from "../base/clock.ts";
import { openTransport, transportNames } from "./transports.ts";

const options = { address: "127.0.0.1:1", clock: realClock };

it("makes each transport by name", async () => {
  for (const name of transportNames) {
    const transport = await openTransport(name, options);
    expect(transport.name).toBe(name);
    await transport.close();
  }
});

it("says what there is when the name is wrong", async () => {
  await expect(openTransport("riva-grcp", options)).rejects.toThrow(
    expect.objectContaining({
      exitCode: 2,
      hint: expect.stringContaining("Did you mean riva-grpc?") as unknown,
    }),
  );
});

describe.each(transportNames)("%s refuses what can't be used before any stream is opened", (name) => {
  it.each([
    ["no address", { address: "" }],
    ["half a key pair", { tls: { clientCert: Buffer.from("x") } }],
    ["the other half", { tls: { clientKey: Buffer.from("x") } }],
    ["a key pair that is none", { tls: { clientCert: Buffer.from("x"), clientKey: Buffer.from("x") } }],
    ["metadata that can't be sent", { metadata: { "bad key": "secret" } }],
  ])("%s", async (_, bad) => {
    await expect(openTransport(name, { ...options, ...bad })).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining("secret") as unknown }),
    );
  });
});
