/** A reload of the upstreams: whatever changed of one is used, and only then. */
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { BenchError } from "../../base/errors.ts";
import type { Endpoint } from "../../client/endpoint.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import type { UpstreamConfig } from "./upstreams.ts";
import { createUpstreams } from "./upstreams.ts";

const ENDPOINT: Endpoint = {
  address: "nim:50051",
  tls: { rootCa: Buffer.from("ca"), clientCert: Buffer.from("cert"), clientKey: Buffer.from("key") },
  metadata: { authorization: "Bearer old" },
  route: { addresses: ["10.0.0.1", "10.0.0.2"] },
};
const config = (name: string, endpoint: Endpoint = ENDPOINT): UpstreamConfig => ({
  name,
  uri: "grpcs://nim:50051",
  endpoint,
});
const REQUEST = { id: "s", recognition: { language: "en-US", interim: true }, sampleRateHz: 16_000 };

function start(configs: UpstreamConfig[]) {
  const clock = new VirtualClock();
  const opened: Endpoint[] = [];
  const closed: Endpoint[] = [];
  const upstreams = createUpstreams(
    configs,
    {
      transport(endpoint) {
        if (endpoint.address === "bad:1") throw BenchError.usage("bad address");
        opened.push(endpoint);
        return {
          ...fakeTransport(clock, { readyMs: 1, partialMs: 1, finalMs: 1 }),
          close: () => Promise.resolve(void closed.push(endpoint)),
        };
      },
      unary: () => ({
        health: () => Promise.resolve({ ok: true, value: "serving" }),
        models: () => Promise.resolve({ ok: true, value: [] }),
        recognize: () => Promise.reject(new Error("not used")),
        close: () => undefined,
      }),
    },
    clock,
    { changed: () => undefined, threw: () => undefined },
  );
  return { upstreams, opened, closed };
}

const CHANGES: [string, Partial<Endpoint>][] = [
  ["address", { address: "nim:50052" }],
  ["metadata", { metadata: { authorization: "Bearer new" } }],
  ["metadata that is gone", { metadata: {} }],
  ["root CA, under the same path", { tls: { ...ENDPOINT.tls, rootCa: Buffer.from("CA") } }],
  ["client certificate", { tls: { ...ENDPOINT.tls, clientCert: Buffer.from("new") } }],
  ["client key", { tls: { ...ENDPOINT.tls, clientKey: Buffer.from("new") } }],
  ["server name", { tls: { ...ENDPOINT.tls, serverName: "other" } }],
  ["path", { path: "/x" }],
  ["addresses of the name", { route: { addresses: ["10.0.0.3"] } }],
];

test.each(CHANGES)("%s: opened anew; the session that is open ends on the old one", async (_, change) => {
  const { upstreams, opened, closed } = start([config("nim")]);
  const before = upstreams.choose([])!;
  const use = upstreams.take(before, REQUEST);
  expect(upstreams.replace([config("nim", { ...ENDPOINT, ...change })])).toEqual({
    added: [],
    removed: [],
    changed: ["nim"],
  });
  expect(upstreams.choose([])).not.toBe(before);
  expect([opened.length, closed.length]).toEqual([2, 0]);
  use.release();
  await Promise.resolve();
  expect(closed).toEqual([ENDPOINT]);
});

test("what did not change keeps its connections, whichever order its addresses come in", () => {
  const { upstreams, opened } = start([config("nim")]);
  const before = upstreams.choose([]);
  const same = structuredClone(ENDPOINT);
  const turned = {
    ...same,
    tls: Object.fromEntries(
      Object.entries(ENDPOINT.tls ?? {}).map(([key, value]) => [key, Buffer.from(value)]),
    ),
    route: { addresses: ["10.0.0.2", "10.0.0.1"] },
  };
  const nothing = { added: [], removed: [], changed: [] };
  expect(upstreams.replace([config("nim", turned)])).toEqual(nothing);
  expect([upstreams.choose([]) === before, opened.length]).toEqual([true, 1]);
});

test("added and removed ones are named", () => {
  const { upstreams } = start([config("a"), config("b")]);
  expect(upstreams.replace([config("b"), config("c")])).toEqual({
    added: ["c"],
    removed: ["a"],
    changed: [],
  });
  expect(upstreams.list().map(({ name }) => name)).toEqual(["b", "c"]);
});

test("a new one gets no session before it has answered a probe, unless there is none that has", async () => {
  const { upstreams } = start([config("a")]);
  const states = (): string[] => upstreams.list().map((one) => one.state());
  expect([states(), upstreams.choose([])?.name]).toEqual([["unknown"], "a"]);
  await new Promise(setImmediate);
  expect(states()).toEqual(["up"]);
  upstreams.replace([config("b"), config("a")]);
  expect([states(), upstreams.choose([])?.name]).toEqual([["unknown", "up"], "a"]);
  // Whoever was refused by all that are known tries the rest.
  expect(upstreams.choose(upstreams.list().slice(1))?.name).toBe("b");
  await new Promise(setImmediate);
  expect([states(), upstreams.choose([])?.name]).toEqual([["up", "up"], "b"]);
});

test("one that can't be used changes nothing, and what was opened beside it is closed", async () => {
  const { upstreams, opened, closed } = start([config("a")]);
  const before = upstreams.choose([]);
  const bad = config("bad", { address: "bad:1" });
  expect(() => upstreams.replace([config("new"), bad])).toThrow("bad address");
  await Promise.resolve();
  expect([upstreams.choose([]) === before, upstreams.list().length]).toEqual([true, 1]);
  expect([opened.length, closed.length]).toEqual([2, 1]);
});
