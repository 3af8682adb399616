import { expect, test } from "vitest";
import { firstLine, toolError } from "./tool-error.ts";

test.each([
  [
    'Error: INSTALLATION FAILED: jobs.batch is forbidden: User "ci" cannot create resource "jobs" in API group "batch" in the namespace "load"',
    "ci has no permission to create jobs",
    1,
  ],
  [
    'Error: INSTALLATION FAILED: Kubernetes cluster unreachable: Get "https://1.2.3.4": dial tcp: i/o timeout',
    "no cluster can be reached",
    1,
  ],
  [
    "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
    "no cluster can be reached",
    1,
  ],
  [
    "error: You must be logged in to the server (Unauthorized)",
    "the cluster does not accept the credentials of the kubeconfig",
    1,
  ],
  ['error: context "east" does not exist', "the kubeconfig has no context east", 1],
  [
    'Error: INSTALLATION FAILED: unable to build kubernetes objects from release manifest: resource mapping not found for name: "x" namespace: "" from "": no matches for kind "PodMonitor" in version "monitoring.coreos.com/v1"',
    "the cluster knows no PodMonitor",
    1,
  ],
  [
    "Error: INSTALLATION FAILED: chart requires kubeVersion: >=1.29.0-0 which is incompatible with Kubernetes v1.27.3",
    "the cluster has Kubernetes v1.27.3, the chart needs >=1.29.0-0",
    1,
  ],
  [
    "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nriva-bench:\n- at '/workers/count': got string, want integer\n- at '': additional properties 'wrokers' not allowed\n",
    "values do not fit the chart: at '/workers/count': got string, want integer; at '': additional properties 'wrokers' not allowed",
    2,
  ],
  [
    "Error: execution error at (riva-bench/templates/run.yaml:60:27): target.name is missing",
    "target.name is missing",
    2,
  ],
  [
    "Error: failed to parse /v.yaml: error converting YAML to JSON: yaml: line 2",
    "a file of values can't be read: /v.yaml: error converting YAML to JSON: yaml: line 2",
    2,
  ],
  ["Error: open /x/v.yaml: no such file or directory", "there is no file /x/v.yaml", 2],
  ["Error: something new\nsecond line", "it failed: something new", 1],
])("%s", (stderr, message, exitCode) => {
  const error = toolError("it failed", { stderr });
  expect([error.message, error.exitCode]).toEqual([message, exitCode]);
});

test("warnings are no reason", () => {
  expect(
    firstLine(
      "WARNING: Kubernetes configuration file is group-readable\n\nE1129 11:38:58.2 1 memcache.go:265] x\nError: no\n",
    ),
  ).toBe("no");
  expect(firstLine("")).toBe("it said nothing");
});
