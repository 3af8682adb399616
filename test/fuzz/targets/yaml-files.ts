import fc from "fast-check";
import { parseYaml } from "../../../src/base/yaml.ts";
import { targetFile } from "../../../src/scenario/target/target.ts";
import { gatewayFile } from "../../../src/gateway/config.ts";
import { formatScenario, parseScenario } from "../../../src/scenario/scenario.ts";
import { jsonObject } from "../json.ts";
import { each, fail, refusable } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const keys = [
  "name",
  "description",
  "load",
  "model",
  "streams",
  "rate",
  "steps",
  "file",
  "duration",
  "warmup",
  "steady",
  "drain",
  "audio",
  "dataset",
  "chunk",
  "pace",
  "phase",
  "padding",
  "before",
  "after",
  "recognition",
  "language",
  "interim",
  "slo",
  "conditions",
  "every",
  "share",
  "session",
  "deadline",
  "uri",
  "kind",
  "tls",
  "metadata",
  "scrape",
  "upstreams",
  "limits",
  "sessions",
  "trustedProxies",
  "allowedOrigins",
  "log",
  "level",
  "encoding",
  "only",
];
const values = [
  "concurrency",
  "poisson",
  "constant",
  "ramp",
  "spike",
  "trace",
  "offline",
  "10s",
  "auto",
  "default",
  "error_ratio < 1%",
  "grpc://host:1",
  "spread",
];
const yamlOf = (json: string): string => json.slice(1, -1).replaceAll(/"(\w+)":/g, "\n$1: ");

export const yamlFiles: FuzzTarget = {
  name: "yaml-files",
  about: "scenarios, targets and the gateway's configuration (base/yaml.ts and the schemas)",
  dictionary: [
    ...keys.map((key) => `\n${key}: `),
    ...values,
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "!!js/function ",
    "? ",
    "- ",
    "|\n  ",
    "---\n",
    "1e999",
    "0x10",
    ".inf",
    ".nan",
    "{",
    "[",
    "%YAML 1.1\n",
  ],
  grammar: fc.oneof(jsonObject(keys, values), jsonObject(keys, values).map(yamlOf)),
  longestBytes: 4096,
  run(input) {
    const text = input.toString("utf8");
    return each(
      () =>
        refusable(() => {
          const scenario = parseScenario(text, "x.yaml");
          const again = parseScenario(formatScenario(scenario), "x.yaml");
          // What is written into a run folder reads back as itself.
          if (formatScenario(again) !== formatScenario(scenario))
            fail("the scenario does not read back as itself");
          return again;
        }),
      () => refusable(() => parseYaml(text, "x.yaml", targetFile)),
      () => refusable(() => parseYaml(text, "x.yaml", gatewayFile)),
    );
  },
};
