import { expect, test } from "vitest";
import { testGateway } from "../../test/support/gateway.ts";
import { shownName } from "./shown-name.ts";

test.each([
  ["parakeet-1.1b-en-US-asr-streaming", "parakeet-1.1b-en-US-asr-streaming"],
  ["a\u009b31mb\u202ec\n", "a\\u009b31mb\\u202ec\\n"],
  ["x".repeat(200), "x".repeat(200)],
  ["x".repeat(1_000_000), `${"x".repeat(199)}…`],
  ["😀".repeat(200), "😀".repeat(200)],
  ["😀".repeat(201), `${"😀".repeat(199)}…`],
])("%.20j is shown as %.20j", (name, shown) => expect(shownName(name)).toBe(shown));

test("/health/ready shows a model's name so", async () => {
  const { gateway, upstreams, http } = await testGateway(["127.0.0.1:1"], {
    config: { limits: { drain: "100ms" } },
  });
  Object.assign(upstreams.list()[0] ?? {}, { model: "a\u009b\u202e" });
  const text = await (await fetch(`${http}/health/ready`)).text();
  await gateway.drain();
  expect(JSON.parse(text)).toMatchObject({ upstreams: [{ model: "a\\u009b\\u202e" }] });
});
