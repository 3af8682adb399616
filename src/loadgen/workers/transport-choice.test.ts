import { expect, it } from "vitest";
import { chooseTransport } from "./transport-choice.ts";
import type { TransportChoice } from "../../client/transports.ts";

const raw = (transport: TransportChoice) => ({
  ...{
    transport,
    audio: { encoding: "LINEAR_PCM" as const, anchor: "after-ready" as const },
    recognition: { language: "en-US", interim: true },
  },
});

it.each([
  ["auto", { streams: 299 }, 1, "riva-grpc"],
  ["auto", { streams: 300 }, 1, "riva-h2"],
  ["auto", { streams: 300 }, 2, "riva-grpc"],
  ["auto", { expectedOpen: 2000 }, 4, "riva-h2"],
  ["riva-grpc", { streams: 5000 }, 1, "riva-grpc"],
  ["riva-h2", { streams: 1 }, 1, "riva-h2"],
] as const)("%s, %o, %i worker(s): %s", (wanted, load, workers, chosen) => {
  expect(chooseTransport(raw(wanted), load, workers)).toBe(chosen);
});

it("chunks that count from their stream's own beginning go over riva-h2, where the target leaves a choice", () => {
  const scenario = { ...raw("auto"), audio: { encoding: "LINEAR_PCM", anchor: "at-start" } } as const;
  expect(chooseTransport(scenario, { streams: 1 }, 1, "riva-grpc")).toBe("riva-h2");
  expect(chooseTransport({ ...scenario, transport: "riva-grpc" }, { streams: 1 }, 1)).toBe("riva-grpc");
  expect(chooseTransport(scenario, { streams: 1 }, 1, "gateway")).toBe("gateway");
});

it("the target has the first word", () => {
  expect(chooseTransport(raw("auto"), { streams: 5000 }, 1, "nim-realtime")).toBe("nim-realtime");
  expect(() => chooseTransport(raw("riva-h2"), { streams: 1 }, 1, "nim-realtime")).toThrow(
    "The transport riva-h2 does not speak to a target of kind nim-realtime",
  );
});

it.each(["MULAW", "ALAW", "FLAC", "OGGOPUS"] as const)("%s goes over gRPC only", (encoding) => {
  const scenario = { ...raw("auto"), audio: { ...raw("auto").audio, encoding } };
  expect(chooseTransport(scenario, { streams: 1 }, 1, "riva-grpc")).toBe("riva-grpc");
  for (const kind of ["nim-realtime", "gateway"] as const) {
    expect(() => chooseTransport(scenario, { streams: 1 }, 1, kind)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `audio.encoding: ${encoding} can't be sent to a target of kind ${kind}, which takes LINEAR_PCM only`,
      }),
    );
  }
});

it.each([{ boosting: [{ phrases: ["Riva"], boost: 20 }] }, { maxAlternatives: 2 }])(
  "%o has a word in every dialect",
  (recognition) => {
    for (const kind of ["riva-grpc", "nim-realtime", "gateway"] as const)
      expect(chooseTransport({ ...raw("auto"), recognition }, { streams: 1 }, 1, kind)).toBe(kind);
  },
);

it("runtimeConfig, for which the gateway has no word, never gets lost in silence", () => {
  const scenario = { ...raw("auto"), recognition: { runtimeConfig: { force_eou: "true" } } };
  for (const kind of ["riva-grpc", "nim-realtime"] as const)
    expect(chooseTransport(scenario, { streams: 1 }, 1, kind)).toBe(kind);
  expect(() => chooseTransport(scenario, { streams: 1 }, 1, "gateway")).toThrow(
    "recognition.runtimeConfig: it can't be sent to a target of kind gateway",
  );
});
