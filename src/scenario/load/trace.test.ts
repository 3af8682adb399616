import { describe, expect, it } from "vitest";
import { loadTrace, parseTrace, traceOf } from "./trace.ts";

describe("trace", () => {
  it.each([
    ["CSV", "t.csv", '# from the switch\nstart_s,clip\n2.5,hello\n\n0.25,\n2.5,"bye"\n'],
    ["CSV in another order", "t.csv", "clip,start_s\r\nhello,2.5\r\n,0.25\r\nbye,2.5\r\n"],
    [
      "JSON lines",
      "t.jsonl",
      '{"start_s": 2.5, "clip": "hello"}\n{"start_s": 0.25}\n{"start_s": 2.5, "clip": "bye"}',
    ],
  ])("%s: in order of time, ties in order of the file", (_, file, text) => {
    expect(parseTrace(text, file).map(({ startMs, clip }) => [startMs, clip])).toEqual([
      [250, undefined],
      [2500, "hello"],
      [2500, "bye"],
    ]);
  });

  it.each([
    ["a header is asked for", "t.csv", "1,2\n", "t.csv:1: the header must be start_s or start_s,clip"],
    ["a value too many", "t.csv", "start_s\n1\n2,x\n", "t.csv:3: 2 values, the header has 1"],
    ["no number", "t.csv", "start_s\nsoon\n", "t.csv:2: start_s: must be a number of seconds from 0"],
    ["nothing", "t.csv", "start_s,clip\n,a\n", "t.csv:2: start_s: must be a number of seconds from 0"],
    ["negative", "t.jsonl", '{"start_s": -1}', "t.jsonl:1: start_s: must be a number of seconds from 0"],
    [
      "text for a number",
      "t.jsonl",
      '\n{"start_s": "1"}',
      "t.jsonl:2: start_s: must be a number of seconds from 0",
    ],
    ["a clip that is none", "t.jsonl", '{"start_s": 1, "clip": 3}', "t.jsonl:1: clip: must be a text"],
    ["no object", "t.jsonl", "17", "t.jsonl:1: must be an object"],
    ["empty", "t.csv", "start_s\n", "t.csv: the trace is empty"],
  ])("%s", (_, file, text, message) => {
    expect(() => parseTrace(text, file)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  });

  it("a line that is not JSON is named, a file that is not there too", async () => {
    expect(() => parseTrace('{"start_s": 1}\n{start_s: 1}', "t.ndjson")).toThrow(/^t\.ndjson:2: not JSON/);
    await expect(loadTrace("/nowhere/t.csv")).rejects.toMatchObject({ exitCode: 2 });
    expect(await traceOf({ model: "poisson" })).toBeUndefined();
  });
});
