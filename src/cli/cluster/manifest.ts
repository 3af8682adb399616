/** `bench cluster manifest`: the chart as plain YAML. */
import type { World } from "../../base/process/world.ts";
import type { ChartValues } from "../../cluster/chart-values.ts";
import { chartFolder, valueFlags } from "../../cluster/install.ts";
import { releaseOf } from "../../cluster/release.ts";
import { toolError } from "../../cluster/tool-error.ts";
import { createTools } from "../../cluster/tools.ts";

/** The chart asks no cluster; a helm that is older than it would take itself for too old. */
const KUBERNETES = "1.34.0";

export interface ManifestRequest {
  runId: string;
  values: ChartValues;
  valuesFile: string | undefined;
  namespace: string | undefined;
}

/** Prints what would be installed. @throws BenchError: no helm (exit 1), bad values (2) */
export async function manifestAction(world: World, request: ManifestRequest): Promise<void> {
  const { runId, values, namespace } = request;
  const done = await createTools(world, { namespace }).helm(
    [
      ...["template", releaseOf(runId), chartFolder(world)],
      ...valueFlags(request),
      ...["--skip-tests", `--kube-version=${KUBERNETES}`],
    ],
    JSON.stringify(values),
  );
  if (done.code !== 0) throw toolError("the chart can't be rendered", done);
  world.stdout.write(done.stdout);
}
