/** The README of the Helm chart: how to use it, and a table of all values with the comments of `values.yaml`. */
import { parse } from "yaml";

/** A value that can be set. */
interface Value {
  /** Such as `nats.auth.kind`. */
  path: string;
  default: unknown;
  /** The comment above it. */
  help: string;
}

/**
 * The values of `values.yaml`, in its order. One whose lines below are indented is a group, unless its comment makes it a value.
 * @throws Error for a value without a comment
 */
export function chartValues(text: string): Value[] {
  const defaults: unknown = parse(text);
  const values: Value[] = [];
  let comment: string[] = [];
  const path: string[] = [];
  let inside: number | undefined;
  for (const line of text.split("\n")) {
    const [, indent = "", words] = /^( *)# (.*)$/.exec(line) ?? [];
    const [, keyIndent = "", key] = /^( *)([A-Za-z]\w*):/.exec(line) ?? [];
    if (line.trim() === "") comment = [];
    const level = (words === undefined ? keyIndent : indent).length / 2;
    if (inside !== undefined && line.trim() !== "" && level > inside) continue;
    inside = undefined;
    if (words !== undefined) comment.push(words);
    if (key === undefined) continue;
    path.splice(level, path.length, key);
    const name = path.join(".");
    const value = path.reduce<unknown>((part, one) => (part as Record<string, unknown>)[one], defaults);
    const isGroup = line.trim() === `${key}:` && comment.length === 0;
    if (isGroup) continue;
    if (comment.length === 0) throw new Error(`values.yaml: ${name} has no comment`);
    values.push({ path: name, default: value, help: comment.join(" ") });
    inside = level;
    comment = [];
  }
  return values;
}

/** The README's text. */
export function chartReadme(valuesText: string): string {
  const rows = chartValues(valuesText).map(
    ({ path, default: value, help }) =>
      `| \`${path}\` | \`${JSON.stringify(value)}\` | ${help.replaceAll("|", "\\|")} |`,
  );
  return `# Helm chart riva-bench

Generated from \`values.yaml\` by \`npm run generate\`; change comments there and the rest in \`scripts/chart-readme.ts\`.

One release is one run: an Indexed Job of workers that make the load, a Job that coordinates them and writes the result, and a
NATS server between them. [docs/scale-out.md](../../../docs/scale-out.md) says how they work together and what happens when one of them dies.

Needs Kubernetes 1.29 or later, and the image of \`deploy/Dockerfile\` where the nodes can pull it, of the chart's version.

## With bench

\`bench cluster run\` installs the chart, follows the run, fetches its folder, removes everything and exits by the verdict:

\`\`\`sh
npx bench cluster run -s soak -t grpc://riva.speech:50051 --workers 8 --image registry.example/riva-bench:0.1.0 -n load
\`\`\`

## With Helm

\`\`\`sh
helm install night deploy/chart/riva-bench -n load -f values.yaml
kubectl logs -n load -f -c run job/night-run
kubectl exec -n load -c results job/night-run -- node /app/deploy/hold-results.mjs send >night.tar.gz   # within results.holdSeconds
helm uninstall night -n load
\`\`\`

\`\`\`yaml
# values.yaml
image: { repository: registry.example/riva-bench }
scenario: { name: soak }
target:
  name: nvcf
  existingSecret: nvcf-key # kubectl create secret generic nvcf-key --from-env-file=nvcf.env (RIVA_API_KEY=..., RIVA_FUNCTION_ID=...)
workers: { count: 8 }
results: { claimSize: 20Gi }
\`\`\`

Without Helm in the cluster: \`bench cluster manifest -f values.yaml | kubectl apply -f -\`. The manifest holds the token that its broker and its
workers share: keep it as private as that.

\`helm test night\` plays the scenario \`smoke\` against an emulator, to see that image and cluster work.

## What it does

- **Nothing is tried again.** \`backoffLimitPerIndex: 0\`, \`backoffLimit: 0\`, \`restartPolicy: Never\`: a worker that is lost is a failed index, its share
  is not run by another pod, and the run is void when more than 5 % of the load is lost. Pods that are evicted fail (exit code 143).
- **Nothing is moved.** Annotations against the cluster autoscaler, Karpenter and sidecars; a PodDisruptionBudget over workers, coordinator and broker.
- **Workers are spread over hosts.** They have no CPU limit: a throttled worker sends late, and makes the run void.
- **Credentials are Secrets of yours.** \`target.existingSecret\` becomes variables, \`target.existingFilesSecret\` files below \`/secrets/target\`. The token of
  the broker is made by the chart. Values never hold a secret: names like \`RIVA_API_KEY\` are refused in \`target.env\`.
- **Pods are not root**, their root file system is read-only, they have no capabilities and no service account token.
- **The result is held.** A sidecar of the coordinator keeps the pod until the run folder has been fetched, \`results.holdSeconds\` at most. With a claim the
  folder stays there as well.
- **The broker's data** lies in its pod. When the pod is deleted or evicted in mid-run, what workers had not yet got through is lost and the run is
  void; \`nats.persistent: true\` keeps it on a volume (the run goes on when the pod is back within ten seconds).

## Values

| value | default | |
|---|---|---|
${rows.join("\n")}
`;
}
