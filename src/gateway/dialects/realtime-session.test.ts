import { expect, test } from "vitest";
import { defaultSession, requestOf, updated } from "./realtime-session.ts";

const NO_RATE: unknown[] = [
  0,
  -1,
  7999,
  48_001,
  1e9,
  NaN,
  Infinity,
  -Infinity,
  16_000.5,
  "16000",
  null,
  true,
  [16_000],
  {},
];

test.each(NO_RATE)("a sample rate of %j is refused", (rate) => {
  const next = updated(defaultSession("s"), { input_audio_params: { sample_rate_hz: rate } });
  expect(next).toEqual(expect.stringMatching(/^session\.input_audio_params\.sample_rate_hz: /));
});

test.each([0, 2, -1, 1.5, NaN, Infinity, 1e9, "1", null, true])("%j channels are refused", (channels) => {
  const next = updated(defaultSession("s"), { input_audio_params: { num_channels: channels } });
  expect(next).toEqual(expect.stringMatching(/^session\.input_audio_params\.num_channels: /));
});

test.each([8000, 11_025, 16_000, 48_000])("a sample rate of %d is taken as it is", (rate) => {
  const next = updated(defaultSession("s"), {
    input_audio_params: { sample_rate_hz: rate, num_channels: 1 },
  });
  expect(typeof next === "string" ? next : requestOf(next).sampleRateHz).toBe(rate);
});
