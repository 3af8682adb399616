/**
 * An event of the realtime dialect, taken apart at a cost that is bounded: a quarter of a megabyte of JSON with tens of
 * thousands of keys takes milliseconds that everybody else would wait. Only audio may be long, and audio needs no parser.
 */
import { LONGEST_SETTINGS, parseObject } from "./dialect.ts";

const AUDIO = /"audio"\s*:\s*"/g;

/** @returns undefined for what is no JSON object; "too large" when it is long besides its `audio` */
export function parseRealtimeEvent(text: string): Record<string, unknown> | undefined | "too large" {
  if (text.length <= LONGEST_SETTINGS) return parseObject(text);
  AUDIO.lastIndex = 0;
  if (!AUDIO.test(text)) return "too large";
  const from = AUDIO.lastIndex;
  const to = text.indexOf('"', from);
  if (to < 0) return undefined;
  if (text.length - (to - from) > LONGEST_SETTINGS) return "too large";
  const event = parseObject(text.slice(0, from) + text.slice(to));
  // It may have been the audio of something else: then nothing at the top is empty now.
  if (event === undefined || event["audio"] !== "") return undefined;
  // Some encoders write "/" as "\/".
  return { ...event, audio: text.slice(from, to).replaceAll("\\/", "/") };
}
