/** Examples on the pages are what they say: a transport that works, a scenario that is accepted, names that exist. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createEcho } from "../../examples/echo-transport.ts";
import { realClock } from "../../src/base/clock.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { METRICS } from "../../src/metrics/catalogue/catalogue.ts";
import { scenarioFile } from "../../src/scenario/scenario-schema.ts";
import { blocksOf, pageText } from "../support/docs.ts";

test("the transport of the page is the one of the example", () => {
  const example = readFileSync(join(PACKAGE_ROOT, "examples/echo-transport.ts"), "utf8");
  expect(blocksOf("docs/writing-a-transport.md", "ts")).toEqual([example]);
});

const spec = {
  recognition: { language: "en-US", interim: true },
  encoding: "LINEAR_PCM",
  sampleRateHz: 16_000,
  requestId: "one",
  readyTimeoutMs: 1000,
  flushTimeoutMs: 1000,
} as const;

/** Names of what the listener hears, in order, and the text of the final. */
async function hear(
  play: (transport: ReturnType<typeof createEcho>) => void,
  heard: string[],
): Promise<void> {
  play(createEcho({ address: "nowhere:1", clock: realClock }));
  await new Promise(setImmediate);
  heard.push("over");
}

test("it keeps the contract", async () => {
  const heard: string[] = [];
  const listener = {
    onOpen: () => heard.push("open"),
    onAccepted: (index: number) => heard.push(`accepted ${index}`),
    onResponse: ({ text }: { text: string }) => heard.push(text),
    onEnd: (_: number, outcome: { ok: boolean }) => heard.push(`end ${outcome.ok}`),
  };
  await hear((transport) => {
    const stream = transport.open(spec, listener);
    expect(heard).toEqual([]);
    stream.send(transport.encodeChunk(new Uint8Array(3200)));
    stream.finish();
    stream.finish();
    stream.send(new Uint8Array(2));
    stream.cancel("too late");
  }, heard);
  expect(heard).toEqual(["open", "accepted 0", "1 chunks", "end true", "over"]);

  heard.length = 0;
  await hear((transport) => {
    transport.open(spec, listener);
    void transport.close();
  }, heard);
  expect(heard).toEqual(["open", "end false", "over"]);
});

test("docs/migrating.md: the scenario is accepted, its keys and metrics exist", () => {
  const page = pageText("docs/migrating.md");
  const [scenario = ""] = blocksOf("docs/migrating.md", "yaml");
  expect(scenarioFile.parse(parse(scenario)).name).toBe("as-nvidia");
  const schema = readFileSync(join(PACKAGE_ROOT, "docs/schemas.md"), "utf8");
  const keys = [...page.matchAll(/`((?:recognition|session|audio)\.\w+)`/g)].map(([, key = ""]) => key);
  expect(keys.length).toBeGreaterThan(10);
  for (const key of keys) expect(schema).toContain(`| \`${key}\` |`);
  const metrics = METRICS.map(({ name }) => name);
  const named = [...page.matchAll(/`(\w+_(?:compat|compat_\w+|from_\w+|ratio))`/g)].map(
    ([, name = ""]) => name,
  );
  for (const name of named.filter((one) => one !== "nvidia_compat")) expect(metrics).toContain(name);
});
