/** The OpenTofu module: as the CloudFormation template, as far as can be told without the AWS provider. */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { awsTools, program } from "../support/aws.ts";
import { tempFolder } from "../support/bench-process.ts";

const AWS = join(PACKAGE_ROOT, "deploy/aws");
const TOFU = process.env["TOFU"] ?? join(PACKAGE_ROOT, "build/aws/tofu");
const hasTofu = existsSync(TOFU);

let tools = "";
beforeAll(() => {
  tools = awsTools();
}, 900_000);

/** A copy of the module beside its user data, with a mistake in its main file. */
function planted(from: string, to: string): string {
  const folder = tempFolder();
  cpSync(join(AWS, "tofu"), join(folder, "tofu"), { recursive: true });
  copyFileSync(join(AWS, "user-data.yaml"), join(folder, "user-data.yaml"));
  const main = join(folder, "tofu/main.tf");
  const text = readFileSync(main, "utf8");
  expect(text).toContain(from);
  writeFileSync(main, text.replace(from, to));
  return join(folder, "tofu");
}

async function checkov(folder: string): Promise<{ failed: string[]; passed: number; skipped: number }> {
  const flags = ["--framework", "terraform", "--skip-download", "--quiet", "--output", "json"];
  const { stdout } = await program(join(tools, "checkov"), [...flags, "--directory", folder]);
  const { results, summary } = JSON.parse(stdout) as {
    results: { failed_checks: { check_id: string }[] };
    summary: { passed: number; skipped: number };
  };
  return { ...summary, failed: results.failed_checks.map(({ check_id }) => check_id) };
}

test("checkov finds nothing in it, and what is planted in it", async () => {
  const good = await checkov(join(AWS, "tofu"));
  expect([good.failed, good.skipped]).toEqual([[], 0]);
  expect(good.passed).toBeGreaterThan(20);
  const text = /encrypted +=/.exec(readFileSync(join(AWS, "tofu/main.tf"), "utf8"))?.[0] ?? "";
  expect((await checkov(planted(`${text} true`, `${text} false`))).failed).toEqual(["CKV_AWS_8"]);
}, 600_000);

test("it has the inputs of the template, with the same defaults", () => {
  const { Parameters } = parse(readFileSync(join(AWS, "riva-host.yaml"), "utf8"), { logLevel: "silent" }) as {
    Parameters: Record<string, { Default?: string | number }>;
  };
  const snake = (name: string): string => name.replace(/(?<!^)([A-Z])/g, "_$1").toLowerCase();
  // The provider knows the root device and the network of a subnet; a stack has a name anyway.
  const own = { ImageId: "ami_id", RootDeviceName: undefined, VpcId: undefined };
  const ofTemplate = Object.entries(Parameters).flatMap(([name, { Default }]) => {
    const here = name in own ? own[name as keyof typeof own] : snake(name);
    return here === undefined ? [] : [[here, Default === undefined ? undefined : `${Default}`]];
  });
  const text = readFileSync(join(AWS, "tofu/variables.tf"), "utf8");
  const ofModule = [...text.matchAll(/^variable "(\w+)" \{\n([\s\S]*?)^\}/gm)].map(
    ([, name = "", body = ""]) => [name, /^ +default +?= "?(.*?)"?$/m.exec(body)?.[1]],
  );
  expect(Object.fromEntries(ofModule)).toEqual({ ...Object.fromEntries(ofTemplate), name: "riva-host" });
});

test.runIf(hasTofu)(
  "tofu fmt has nothing to change, and tofu test of the user data passes",
  () => {
    const fmt = spawnSync(TOFU, ["fmt", "-check", "-recursive", join(AWS, "tofu")], { encoding: "utf8" });
    expect([fmt.stdout, fmt.status]).toEqual(["", 0]);
    const cwd = join(planted("monitoring ", "monitoring "), "user-data");
    expect(spawnSync(TOFU, ["init"], { cwd }).status).toBe(0);
    const run = spawnSync(TOFU, ["test", "-no-color"], { cwd, encoding: "utf8" });
    expect([run.stderr, run.stdout]).toEqual(["", expect.stringContaining("4 passed, 0 failed")]);
  },
  60_000,
);
