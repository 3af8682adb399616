/** Helm charts, rendered by a real helm (scripts/get-helm.sh). */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "vitest";
import { parseAllDocuments } from "yaml";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";

/** The version of Kubernetes that `helm` assumes when no cluster is asked. */
export const KUBERNETES = "1.34.4";

export interface Container {
  name: string;
  args?: string[];
  command?: string[];
  env?: { name: string; value?: string; valueFrom?: object }[];
  securityContext: Record<string, unknown>;
  resources: { requests: object; limits: object };
  restartPolicy?: string;
  volumeMounts?: { name: string; mountPath: string }[];
}

export interface PodSpec extends Record<string, unknown> {
  containers: Container[];
  initContainers?: Container[];
  volumes: { name: string }[];
}

export interface Manifest {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string>; labels: Record<string, string> };
  spec: Record<string, unknown> & { template: { spec: PodSpec; metadata: Manifest["metadata"] } };
  data: Record<string, string>;
}

export type Values = Readonly<Record<string, unknown>>;

/** A chart of deploy/chart. */
export interface Chart {
  readonly folder: string;
  /** Runs `helm template`, or `helm lint`. */
  template(values: Values, release?: string): { status: number | null; text: string; error: string };
  lint(values: Values): { status: number | null; text: string };
  /** Manifests that `template` makes; fails the test when it can't. */
  rendered(values: Values, release?: string): Manifest[];
}

let helm = "";

/** For `beforeAll`: building helm takes minutes where it can't be downloaded. */
export function getHelm(): void {
  helm = execFileSync(join(PACKAGE_ROOT, "scripts/get-helm.sh"), { encoding: "utf8" }).trim();
}

/** The chart of that name, after `getHelm`. */
export function helmChart(name: string): Chart {
  const folder = join(PACKAGE_ROOT, "deploy/chart", name);
  const run = (values: Values, ...args: string[]): ReturnType<Chart["template"]> => {
    const input = JSON.stringify(values);
    const { status, stdout, stderr } = spawnSync(helm, [...args, "--values=-"], { input, encoding: "utf8" });
    return { status, text: stdout, error: stderr };
  };
  const chart: Chart = {
    folder,
    template: (values, release = "night") =>
      run(values, "template", release, folder, "--kube-version", KUBERNETES),
    lint: (values) => run(values, "lint", "--strict", folder),
    rendered(values, release) {
      const { text, error } = chart.template(values, release);
      expect(error).toBe("");
      return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
    },
  };
  return chart;
}

/** The one of that kind and name; fails the test when there is none. */
export function one(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  expect([kind, name, found.length]).toEqual([kind, name, 1]);
  return found[0]!;
}

/** Templates of pods, and pods. */
export function podsOf(
  manifests: readonly Manifest[],
): { name: string; spec: PodSpec; metadata: Manifest["metadata"] }[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind === "Pod") return [{ name: metadata.name, spec: spec as unknown as PodSpec, metadata }];
    return ["Job", "StatefulSet", "Deployment"].includes(kind)
      ? [{ name: metadata.name, spec: spec.template.spec, metadata: spec.template.metadata }]
      : [];
  });
}
