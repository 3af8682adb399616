import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readBrokerOptions } from "./broker-options.ts";

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "broker-"))));
afterEach(() => rmSync(cwd, { recursive: true }));

const read = (nats: string, flags: object = {}, env: Record<string, string> = {}) =>
  readBrokerOptions({ nats, ...flags }, { env, cwd });

it("takes user and password out of the address, which is printed without them", async () => {
  expect(await read("nats://me:s%40cret@a:4222,nats://b:4222")).toEqual({
    servers: ["a:4222", "b:4222"],
    shown: "nats://a:4222,nats://b:4222",
    user: "me",
    password: "s@cret",
  });
  expect(await read("nats://a-token@a:4222")).toMatchObject({ token: "a-token" });
});

it("asks flags first, then the variables of the nats command line", async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(cwd, name), text);
    return join(cwd, name);
  };
  const seed = `SU${"A".repeat(56)}`;
  expect(await read("nats://a")).toEqual({ servers: ["a"], shown: "nats://a" });
  expect(await read("nats://a", {}, { NATS_USER: "u", NATS_PASSWORD: "p" })).toMatchObject({
    user: "u",
    password: "p",
  });
  expect(await read("nats://a", {}, { NATS_TOKEN: "t", NATS_USER: "u" })).toMatchObject({ token: "t" });
  expect(
    await read("nats://a", { natsTokenFile: file("token", "from-file\n") }, { NATS_TOKEN: "t" }),
  ).toMatchObject({ token: "from-file" });
  expect(await read("nats://a", { natsNkey: file("seed", `# mine\n${seed}\n`) })).toMatchObject({
    nkeySeed: seed,
  });
  expect(await read("nats://a", {}, { NATS_CREDS: file("creds", "jwt and seed") })).toMatchObject({
    creds: "jwt and seed",
  });
});

it.each([
  ["localhost:4222", /not the address of a NATS server/],
  ["http://me:secret@a:4222", /--nats http:\/\/a:4222: not the address/],
  ["", /not the address/],
])("refuses %j", async (url, message) => {
  await expect(read(url)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(message) as string,
  });
});

it("refuses a client certificate without its key, and a file that holds no seed", async () => {
  await expect(read("tls://a", { natsCert: "c.pem" })).rejects.toThrow(
    /only one of client certificate and key/,
  );
  writeFileSync(join(cwd, "no-seed"), "nothing");
  await expect(read("nats://a", { natsNkey: join(cwd, "no-seed") })).rejects.toThrow(/holds no seed/);
});

it("is encrypted by its scheme", async () => {
  expect(await read("tls://a:4222")).toMatchObject({ servers: ["a:4222"], tls: {} });
});
