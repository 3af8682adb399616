/**
 * Prometheus' remote write, version 1: a snappy-compressed protobuf message, sent with the harness's own timestamps, so
 * that a run too short to be scraped is seen as well. The only importer of protobufjs and snappyjs.
 * https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
import protobuf from "protobufjs/light.js";
import { compress } from "snappyjs";
import { type Family, labelsOf } from "./exposition.ts";

/** https://github.com/prometheus/prometheus/blob/main/prompb/types.proto, the fields that are used. */
const ROOT = protobuf.Root.fromJSON({
  nested: {
    WriteRequest: { fields: { timeseries: { rule: "repeated", type: "TimeSeries", id: 1 } } },
    TimeSeries: {
      fields: {
        labels: { rule: "repeated", type: "Label", id: 1 },
        samples: { rule: "repeated", type: "Sample", id: 2 },
      },
    },
    Label: { fields: { name: { type: "string", id: 1 }, value: { type: "string", id: 2 } } },
    Sample: { fields: { value: { type: "double", id: 1 }, timestamp: { type: "int64", id: 2 } } },
  },
});
const WRITE_REQUEST = ROOT.lookupType("WriteRequest");

export const REMOTE_WRITE_HEADERS: Readonly<Record<string, string>> = {
  "content-encoding": "snappy",
  "content-type": "application/x-protobuf",
  "x-prometheus-remote-write-version": "0.1.0",
};

/**
 * The body of one request: every sample of the families at one instant.
 *
 * @param atEpochMs milliseconds since 1970
 * @param extra labels of every series, such as job and instance, which a scrape would have added
 */
export function encodeWriteRequest(
  families: readonly Family[],
  atEpochMs: number,
  extra: Readonly<Record<string, string>>,
): Uint8Array {
  const timeseries = families.flatMap((family) =>
    family.samples.map((sample) => ({
      labels: sorted({ ...labelsOf(family, sample), ...extra, __name__: `${family.name}${sample.suffix}` }),
      samples: [{ value: sample.value, timestamp: Math.round(atEpochMs) }],
    })),
  );
  return compress(WRITE_REQUEST.encode({ timeseries }).finish());
}

/** By name, as the specification asks; an empty label is no label. */
function sorted(labels: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(labels)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));
}
