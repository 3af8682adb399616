import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../base/process/package-root.ts";
import { withUpstreams } from "./gateway-upstreams.ts";
import { pinnedImage, shortImage } from "./release.ts";
import { hookFor, parseRolloutFile } from "./rollout-file.ts";
import { parseState } from "./state.ts";

const ONE = "slots: { only: { target: grpc://h:1 } }\nstart: [run]\n";

test.each(["host", "kubernetes", "local"])("the example %s can be read", (name) => {
  const path = join(PACKAGE_ROOT, "examples/rollout", name, "rollout.yaml");
  expect(parseRolloutFile(readFileSync(path, "utf8"), path).smoke).toBeDefined();
});

test("durations are milliseconds, and all but slots and start has a default", () => {
  const { limits, keepPrevious, folder } = parseRolloutFile(`${ONE}limits: { ready: 90s }\n`, "r.yaml");
  expect([limits.ready, limits.drain, keepPrevious, folder]).toEqual([90_000, 600_000, false, "rollout"]);
});

test.each([
  ["an unknown key", `${ONE}smoek: {}\n`, "r.yaml:3:1: smoek: unknown key; did you mean smoke?"],
  [
    "a hook that is a text",
    ONE.replace("[run]", "run"),
    "r.yaml:2:1: start: must be a list: the program, then its arguments",
  ],
  ["a hook without a program", ONE.replace("[run]", "[]"), "r.yaml:2:1: start: must name a program"],
  [
    "an unknown variable",
    ONE.replace("run", '"${RELEASE_TAG}"'),
    "no variable ${RELEASE_TAG}; known are RELEASE_IMAGE",
  ],
  [
    "three slots",
    ONE.replace("{ only", "{ b: {target: x}, c: {target: y}, only"),
    "slots: must be one slot or two",
  ],
  [
    "two slots without stop",
    ONE.replace("{ only", "{ b: { target: x }, only"),
    "stop: is missing, and two slots need it",
  ],
  [
    "two slots without a gateway",
    `${ONE.replace("{ only", "{ b: { target: x }, only")}stop: [x]\n`,
    "gateway: is missing",
  ],
  ["a duration of nothing", `${ONE}limits: { ready: 0 }\n`, "limits.ready: must be a duration"],
])("%s is refused with its place", (_, text, message) => {
  expect(() => parseRolloutFile(text, "r.yaml")).toThrow(message);
});

test("a hook gets the release in its words and in its environment, and no shell", () => {
  const release = { image: "i@sha256:1", slot: "blue" };
  expect(hookFor(["set", "riva=${RELEASE_IMAGE}", "$RELEASE_SLOT; rm"], release, "grpc://h:1")).toEqual({
    argv: ["set", "riva=i@sha256:1", "$RELEASE_SLOT; rm"],
    env: { RELEASE_IMAGE: "i@sha256:1", RELEASE_SLOT: "blue", RELEASE_TARGET: "grpc://h:1" },
  });
});

test("an image has a digest", () => {
  const pinned = `nvcr.io/nim/nvidia/parakeet:1.4.0@sha256:${"0123456789abcdef".repeat(4)}`;
  expect([pinnedImage(pinned), shortImage(pinned)]).toEqual([pinned, "parakeet:1.4.0@0123456789ab"]);
  for (const text of ["riva:latest", "riva", "riva@sha256:12", `-x@sha256:${"0".repeat(64)}`, ""])
    expect(() => pinnedImage(text), text).toThrow(/digest/);
});

test("the gateway's file keeps its comments, other keys and other upstreams", () => {
  const before = `# mine
port: 9000 # not 80
upstreams:
  - { name: blue, uri: "grpc://h:1" }
  - uri: grpcs://cloud:443 # the last resort
limits:
  sessions: 50
`;
  const after = withUpstreams(before, "g.yaml", [{ name: "green", uri: "grpc://h:2" }], ["blue", "green"]);
  expect(after).toBe(`# mine
port: 9000 # not 80
upstreams:
  - name: green
    uri: grpc://h:2
  - uri: grpcs://cloud:443
limits:
  sessions: 50
`);
  expect(withUpstreams("", "g.yaml", [{ name: "a", uri: "b" }], ["a"])).toBe(
    "upstreams:\n  - name: a\n    uri: b\n",
  );
  expect(() => withUpstreams("upstreams: 5", "g.yaml", [], [])).toThrow(
    "g.yaml:1:1: upstreams: must be a list",
  );
});

test.each(["", "{", "[]", '{"schema":"riva-bench/rollout@2","earlier":[]}'])(
  "a damaged state is refused, and says where the truth is: %s",
  (text) => {
    expect(() => parseState(text, "state.json", "audit.jsonl")).toThrow("state.json is damaged");
  },
);
