/** Kits that `bench init` can write: which files of the package go where, and what their user does next. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { World } from "../../base/process/world.ts";
import { standaloneCompose } from "./compose-file.ts";

/** Names of kits. */
export type KitName = "compose" | "chart" | "github-actions" | "gitlab";

export interface Settings {
  /** Image of the harness, for files that start it. */
  image: string;
}

interface Source {
  /** File or folder of the package. */
  from: string;
  /** Its path below the folder that is written to. */
  to: string;
  /** Makes the project's text of the package's. */
  edit?(text: string, settings: Settings): string;
}

interface Kit {
  /** Folder that is written to unless `--dir` gives another. */
  dir: string;
  sources: readonly Source[];
  /** The next steps in that folder, a line each. */
  next(settings: Settings): string[];
}

/** Every kit by its name. */
export const KITS: Readonly<Record<KitName, Kit>> = {
  compose: {
    dir: "compose",
    sources: [
      {
        from: "deploy/compose.yaml",
        to: "compose.yaml",
        edit: (text, { image }) => standaloneCompose(text, image),
      },
      { from: "deploy/prometheus.yml", to: "prometheus.yml" },
      { from: "deploy/alertmanager.yml", to: "alertmanager.yml" },
      { from: "deploy/grafana", to: "grafana" },
      { from: "dashboards/grafana", to: "dashboards/grafana" },
      { from: "dashboards/rules/recording.yaml", to: "dashboards/rules/recording.yaml" },
      { from: "dashboards/rules/alerts.yaml", to: "dashboards/rules/alerts.yaml" },
    ],
    next: ({ image }) => [
      `The image ${image} must be there: build it from deploy/Dockerfile of the repository, or set RIVA_BENCH_IMAGE to yours.`,
      "docker compose up                             Grafana at http://localhost:3000",
      "docker compose run --rm --use-aliases bench   a run against the emulator, on every board",
      "prometheus.yml names the servers to scrape, alertmanager.yml the receivers of alerts: put yours in.",
    ],
  },
  chart: {
    dir: "chart",
    sources: [{ from: "deploy/chart", to: "." }],
    next: () => [
      "helm install night ./riva-bench --set image.repository=registry.example/riva-bench",
      "The nodes must be able to pull that image with the tag of this version.",
      "riva-bench/README.md lists the values. `bench cluster run` needs none of these files: it brings its own.",
    ],
  },
  "github-actions": {
    dir: ".",
    sources: [{ from: "examples/ci/github-actions.yml", to: ".github/workflows/speech-latency.yml" }],
    next: () => [
      "Set `runs-on`, TARGET, SCENARIO and SLO in .github/workflows/speech-latency.yml.",
      "Read the warning about forks at its top before you use a runner of your own.",
    ],
  },
  gitlab: {
    dir: ".",
    sources: [{ from: "examples/ci/gitlab-ci.yml", to: ".gitlab/speech-latency.yml" }],
    next: () => [
      "Set TARGET, SCENARIO and SLO in .gitlab/speech-latency.yml.",
      "Add to .gitlab-ci.yml: include: [{ local: .gitlab/speech-latency.yml }]",
    ],
  },
};

/** Texts of a kit by the path that each is written to, below the kit's folder. @throws Error of the file system */
export async function kitFiles(
  { root }: Pick<World, "root">,
  kit: Kit,
  settings: Settings,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { from, to, edit } of kit.sources)
    for (const path of await filesIn(join(root, from))) {
      const text = await readFile(join(root, from, path), "utf8");
      files.set(join(to, path), edit?.(text, settings) ?? text);
    }
  return files;
}

/** Paths of the files below a folder, sorted; of a file an empty one. */
async function filesIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [""];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
}
