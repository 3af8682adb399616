import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { runBench } from "../../../test/support/fake-world.ts";
import { PACKAGE_ROOT } from "../../base/process/package-root.ts";
import { standaloneCompose } from "./compose-file.ts";
import { KITS } from "./kits.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "init-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const packaged = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), "utf8");
const written = (path: string): string => readFileSync(join(cwd, path), "utf8");
const { version, files: shipped } = JSON.parse(packaged("package.json")) as {
  version: string;
  files: string[];
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

const init = (...args: string[]) => runBench(["init", ...args], { cwd });

interface Compose {
  "x-ours": { image: string; build?: unknown };
  services: Record<string, { image: string; build?: unknown; volumes?: string[] }>;
}
const composeOf = (text: string): Compose => parse(text, { merge: true }) as Compose;

test("compose: an image in place of the build, boards and rules beside the file, all else as in the repository", async () => {
  const { out, err, exitCode } = await init("compose");
  expect([err, exitCode]).toEqual(["", 0]);

  const expected = composeOf(packaged("deploy/compose.yaml"));
  for (const part of [expected["x-ours"], ...Object.values(expected.services)])
    if (part.build !== undefined) {
      part.image = `\${RIVA_BENCH_IMAGE:-riva-bench:${version}}`;
      delete part.build;
    }
  expect(expected.services["gateway"]?.image).toContain("RIVA_BENCH_IMAGE");
  for (const service of Object.values(expected.services))
    if (service.volumes !== undefined)
      service.volumes = service.volumes.map((volume) => volume.replace(/^\.\.\//, "./"));
  expect(composeOf(written("compose/compose.yaml"))).toEqual(expected);
  // Comments hold no path of the repository either.
  expect(written("compose/compose.yaml")).not.toMatch(/deploy\/|Dockerfile|--build|\.\.\//);

  for (const [file, source] of [
    ["prometheus.yml", "deploy/prometheus.yml"],
    ["alertmanager.yml", "deploy/alertmanager.yml"],
    ["grafana/datasources.yaml", "deploy/grafana/datasources.yaml"],
    ["dashboards/rules/alerts.yaml", "dashboards/rules/alerts.yaml"],
    ["dashboards/grafana/riva-bench-overview.json", "dashboards/grafana/riva-bench-overview.json"],
  ] as const)
    expect(written(`compose/${file}`)).toBe(packaged(source));

  const listed = [...out.matchAll(/^wrote +(.+)$/gm)].map(([, file]) => file).sort();
  expect(listed).toEqual(filesBelow(cwd));
  expect(out).toContain("Next, in compose:\n");
  expect(out).toContain("docker compose up ");
});

test("compose: all that its services mount from the project has been written", async () => {
  await init("compose", "--dir", "ops/bench");
  const mounted = Object.values(composeOf(written("ops/bench/compose.yaml")).services)
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(":")[0] ?? ""))
    .filter((source) => source.startsWith("."));
  expect(mounted.length).toBeGreaterThan(4);
  const there = filesBelow(join(cwd, "ops/bench"));
  for (const source of mounted) {
    const path = source.replace("./", "");
    expect([source, there.some((file) => file === path || file.startsWith(`${path}/`))]).toEqual([
      source,
      true,
    ]);
  }
});

test("compose: --image names the image; what is no image is refused", async () => {
  const image = "registry.example:5000/speech/riva-bench@sha256:0123abcd";
  const { out } = await init("compose", "--image", image);
  expect(composeOf(written("compose/compose.yaml")).services["emulator"]?.image).toBe(
    `\${RIVA_BENCH_IMAGE:-${image}}`,
  );
  expect(out).toContain(`The image ${image} must be there`);
  const refused = await init("compose", "--dir", "b", "--image", "a}\n  privileged: true");
  expect([refused.exitCode, refused.err]).toEqual([2, expect.stringContaining("not the name of an image")]);
  const foreign = await init("chart", "--image", image);
  expect([foreign.exitCode, foreign.err]).toEqual([2, expect.stringContaining("takes no --image")]);
  expect(readdirSync(cwd)).toEqual(["compose"]);
});

test("a compose.yaml that has changed its shape is told, not passed on half edited", () => {
  expect(() => standaloneCompose("services: {}\n", "riva-bench:1")).toThrow(
    "the file's own path is not where it was",
  );
});

test("all that it writes ships with the package", () => {
  const sources = Object.values(KITS).flatMap((kit) => kit.sources.map(({ from }) => from));
  const ships = (source: string): boolean =>
    shipped.some(
      (entry) =>
        source === entry || source.startsWith(`${entry}/`) || source.startsWith(entry.replace("*.yaml", "")),
    );
  expect(sources.filter((source) => !ships(source))).toEqual([]);
  expect(ships("deploy/Dockerfile")).toBe(false);
});

test("chart: every chart of the package, file by file", async () => {
  await init("chart");
  const source = join(PACKAGE_ROOT, "deploy/chart");
  expect(filesBelow(join(cwd, "chart"))).toEqual(filesBelow(source));
  for (const file of filesBelow(source))
    expect(written(join("chart", file))).toBe(packaged(join("deploy/chart", file)));
  expect(filesBelow(source)).toContain("riva-bench/Chart.yaml");
});

test.each([
  ["github-actions", ".github/workflows/speech-latency.yml", "examples/ci/github-actions.yml"],
  ["gitlab", ".gitlab/speech-latency.yml", "examples/ci/gitlab-ci.yml"],
])("%s: one file, which installs this version and runs its gate", async (kit, file, source) => {
  const { out } = await init(kit);
  expect(filesBelow(cwd)).toEqual([file]);
  expect(written(file)).toBe(packaged(source));
  expect(written(file)).toMatch(new RegExp(`riva-bench@${version.replaceAll(".", "\\.")}( #.*)?$`, "m"));
  expect(written(file)).toContain("bash .riva-bench/node_modules/riva-bench/scripts/ci-gate.sh");
  expect(out).toContain(`wrote      ${file}\n\nNext:\n`);
});

test("what is there is kept, and then nothing at all is written; --force overwrites; the same text is left alone", async () => {
  await init("compose");
  writeFileSync(join(cwd, "compose/prometheus.yml"), "mine\n");
  rmSync(join(cwd, "compose/alertmanager.yml"));
  const kept = await init("compose");
  expect(kept.exitCode).toBe(2);
  expect(kept.err).toContain("nothing was written:\n  compose/prometheus.yml\n");
  expect(kept.err).toContain("--force");
  expect(written("compose/prometheus.yml")).toBe("mine\n");
  expect(filesBelow(cwd)).not.toContain("compose/alertmanager.yml");

  const forced = await init("compose", "--force");
  expect(forced.out).toContain("overwrote  compose/prometheus.yml\n");
  expect(forced.out).toContain("wrote      compose/alertmanager.yml\n");
  expect(forced.out).toContain("unchanged  compose/compose.yaml\n");
  expect(written("compose/prometheus.yml")).toBe(packaged("deploy/prometheus.yml"));
});

test("a link is not written through, whatever it leads to", async () => {
  const outside = join(cwd, "outside");
  mkdirSync(join(cwd, ".github/workflows"), { recursive: true });
  symlinkSync(outside, join(cwd, ".github/workflows/speech-latency.yml"));
  for (const flags of [[], ["--force"]]) {
    const { err, exitCode } = await init("github-actions", ...flags);
    expect([exitCode, err]).toEqual([2, expect.stringContaining("is a link")]);
  }
  expect(existsSync(outside)).toBe(false);
});

test("a folder that can't be had, a path that is a folder, and an unknown kit are said", async () => {
  writeFileSync(join(cwd, "taken"), "");
  const taken = await init("gitlab", "--dir", "taken");
  expect([taken.exitCode, taken.err]).toEqual([2, expect.stringContaining("Give another --dir")]);
  mkdirSync(join(cwd, "compose/compose.yaml"), { recursive: true });
  const folder = await init("compose");
  expect([folder.exitCode, folder.err]).toEqual([2, expect.stringContaining("compose.yaml can't be read")]);
  const unknown = await init("helm");
  expect([unknown.exitCode, unknown.err]).toEqual([2, expect.stringContaining("compose")]);
});
