/** The complaints of kubectl and helm, each as a sentence and what to look at. */
import type { ExitCode } from "../base/errors.ts";
import { BenchError, EXIT } from "../base/errors.ts";
import type { Done } from "./tools.ts";

interface Known {
  when: RegExp;
  message: (groups: Readonly<Record<string, string>>) => string;
  hint: string;
  exitCode?: ExitCode;
}

const KNOWN: readonly Known[] = [
  {
    when: /values don't meet the specifications of the schema\(s\) in the following chart\(s\):\n(?<problems>[^]*)/,
    message: ({ problems = "" }) =>
      `values do not fit the chart: ${problems
        .split("\n")
        .map((line) => line.replace(/^\s*-?\s*/, ""))
        .filter((line) => line !== "" && line !== "riva-bench:")
        .join("; ")}`,
    hint: "See deploy/chart/riva-bench/README.md for all values.",
    exitCode: EXIT.usage,
  },
  {
    when: /execution error at \(riva-bench\/[^)]*\): (?<problem>.*)/,
    message: ({ problem = "" }) => problem,
    hint: "See deploy/chart/riva-bench/README.md for all values.",
    exitCode: EXIT.usage,
  },
  {
    when: /(?:^|: )open (?<path>\S+): no such file or directory/,
    message: ({ path = "" }) => `there is no file ${path}`,
    hint: "Check the path of --values.",
    exitCode: EXIT.usage,
  },
  {
    when: /failed to parse (?<problem>.*)/,
    message: ({ problem = "" }) => `a file of values can't be read: ${problem}`,
    hint: "Check the file of --values.",
    exitCode: EXIT.usage,
  },
  {
    when: /namespaces "(?<name>[^"]*)" not found/,
    message: ({ name = "" }) => `there is no namespace ${name}`,
    hint: "Make it with `kubectl create namespace NAME`, or give another --namespace.",
  },
  {
    when: /exceeded quota: (?<quota>[^,]*), requested: (?<requested>[^]*?), used: (?<used>[^]*?), limited: (?<limited>[^\n]*)/,
    message: ({ quota = "", requested = "", used = "", limited = "" }) =>
      `the quota ${quota} of the namespace is too small: ${requested} more is wanted, ${used} of ${limited} are used`,
    hint: "Use fewer --workers, smaller resources in --values, or another namespace (kubectl describe resourcequota).",
  },
  {
    when: /is forbidden: User "(?<user>[^"]*)" cannot (?<verb>\w+) resource "(?<resource>[^"]*)"/,
    message: ({ user = "", verb = "", resource = "" }) => `${user} has no permission to ${verb} ${resource}`,
    hint: "Ask for it, or use another --namespace or --context: kubectl auth can-i --list",
  },
  {
    when: /no matches for kind "(?<kind>[^"]*)"/,
    message: ({ kind = "" }) => `the cluster knows no ${kind}`,
    hint: "Install what brings it (the Prometheus operator for PodMonitor), or switch it off in --values.",
  },
  {
    when: /chart requires kubeVersion: (?<wanted>\S+) which is incompatible with Kubernetes (?<found>\S+)/,
    message: ({ wanted = "", found = "" }) =>
      `the cluster has Kubernetes ${found}, the chart needs ${wanted}`,
    hint: "Use a newer cluster.",
  },
  {
    when: /[Uu]nauthorized|must be logged in|getting credentials: |executable [\w.-]+ not found/,
    message: () => "the cluster does not accept the credentials of the kubeconfig",
    hint: "Log in again, as kubectl does: kubectl auth whoami",
  },
  {
    when: /context "(?<name>[^"]*)" does not exist/,
    message: ({ name = "" }) => `the kubeconfig has no context ${name}`,
    hint: "See `kubectl config get-contexts`.",
  },
  {
    when: /cluster unreachable|[Uu]nable to connect to the server|connection to the server .* was refused|connection refused|no configuration has been provided|i\/o timeout|no such host/,
    message: () => "no cluster can be reached",
    hint: "Is KUBECONFIG (or --context) the right one? See `kubectl cluster-info`.",
  },
];

/** Lines that come before the reason: warnings, and the log of kubectl's own library. */
const ASIDE = /^(?:WARNING:|Warning:|[EWI]\d{4} )/;

/** The first line of what a tool printed that gives a reason. */
export function firstLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !ASIDE.test(line));
  return lines[0]?.replace(/^(?:Error|error|Error from server \(\w+\)): /, "").trim() ?? "it said nothing";
}

/**
 * The error of a command that failed.
 * @param what was to be done: "the release can't be installed"
 */
export function toolError(what: string, { stderr }: Pick<Done, "stderr">): BenchError {
  for (const { when, message, hint, exitCode } of KNOWN) {
    const groups = when.exec(stderr)?.groups ?? (when.test(stderr) ? {} : undefined);
    if (groups !== undefined)
      return new BenchError(message(groups), { hint, ...(exitCode !== undefined && { exitCode }) });
  }
  return new BenchError(`${what}: ${firstLine(stderr)}`);
}
