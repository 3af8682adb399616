import { expect, it } from "vitest";
import { realClock } from "../base/clock.ts";
import { createTransport, transportNames } from "./transports.ts";

const options = { address: "127.0.0.1:1", clock: realClock };

it("makes each transport by name", async () => {
  for (const name of transportNames) {
    const transport = createTransport(name, options);
    expect(transport.name).toBe(name);
    await transport.close();
  }
});

it("says what there is when the name is wrong", () => {
  expect(() => createTransport("riva-grcp", options)).toThrow(
    expect.objectContaining({
      exitCode: 2,
      hint: expect.stringContaining("Did you mean riva-grpc?") as unknown,
    }),
  );
});

it("refuses what can't be used before any stream is opened", () => {
  const halfPair = { ...options, tls: { clientCert: Buffer.from("x") } };
  expect(() => createTransport("riva-grpc", halfPair)).toThrow(expect.objectContaining({ exitCode: 2 }));
  const badKey = { ...options, metadata: { "bad key": "secret" } };
  expect(() => createTransport("riva-grpc", badKey)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining("secret") as unknown }),
  );
});
