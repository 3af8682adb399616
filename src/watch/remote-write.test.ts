import protobuf from "protobufjs/light.js";
import { uncompress } from "snappyjs";
import { expect, it } from "vitest";
import { encodeWriteRequest } from "./remote-write.ts";

it("says name, labels in order, value and instant of every sample", () => {
  const body = encodeWriteRequest(
    [
      {
        name: "bench_x_seconds",
        type: "histogram",
        help: "",
        labels: { target: "nim" },
        samples: [
          { suffix: "_bucket", labels: { phase: "steady", le: "+Inf", empty: "" }, value: 3 },
          { suffix: "_sum", labels: {}, value: 0.125 },
        ],
      },
    ],
    1_741_944_413_123.4,
    { job: "riva_bench" },
  );
  // Read field by field, not through the message types that wrote it.
  const reader = new protobuf.Reader(uncompress(body));
  const texts: string[] = [];
  const numbers: number[] = [];
  const message = (end: number): void => {
    while (reader.pos < end) {
      const wire = reader.uint32() & 7;
      if (wire === 1) numbers.push(reader.double());
      else if (wire === 0) numbers.push(Number(reader.int64()));
      else {
        const length = reader.uint32();
        const from = reader.pos;
        const bytes = reader.buf.subarray(from, from + length);
        if (/^[\x20-\x7e]*$/.test(Buffer.from(bytes).toString("latin1"))) {
          texts.push(Buffer.from(bytes).toString("utf8"));
          reader.pos = from + length;
        } else message(from + length);
      }
    }
  };
  message(reader.len);
  expect(texts).toEqual(
    "__name__ bench_x_seconds_bucket job riva_bench le +Inf phase steady target nim __name__ bench_x_seconds_sum job riva_bench target nim".split(
      " ",
    ),
  );
  expect(numbers).toEqual([3, 1_741_944_413_123, 0.125, 1_741_944_413_123]);
});
