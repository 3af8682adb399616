/** scripts/riva-1*.sh against moto: a host made, made again, looked at, taken away, taken away again. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import type { Moto } from "../support/aws.ts";
import { awsTools, fakePrograms, program, startMoto } from "../support/aws.ts";
import type { Finished } from "../support/bench-process.ts";
import { tempFolder } from "../support/bench-process.ts";

const KEY = "nvapi-not-a-key-of-anybody";
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

let moto: Moto;
/** Settings that make a host, as they stand in riva.env. */
let settings: Record<string, string>;
beforeAll(async () => {
  moto = await startMoto(awsTools());
  const { Subnets } = (await moto.ask("ec2", "describe-subnets")) as { Subnets: [{ SubnetId: string }] };
  const { Images } = (await moto.ask("ec2", "describe-images")) as { Images: [{ ImageId: string }] };
  const { ARN } = (await moto.ask(
    ...["secretsmanager", "create-secret", "--name", "ngc", "--secret-string", KEY],
  )) as { ARN: string };
  settings = {
    RIVA_IMAGE: `nvcr.io/nim/nvidia/parakeet-1-1b-ctc-en-us@${DIGEST}`,
    NGC_SECRET_ARN: ARN,
    RIVA_AMI: Images[0].ImageId,
    RIVA_SUBNET: Subnets[0].SubnetId,
  };
}, 900_000);
afterAll(() => {
  moto.stop();
});

const textOf = (folder: string, name: string): string => {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

/** A folder with a riva.env of these settings. */
function folderWith(values: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, "riva.env"), `# ours\n\n${lines.join("")}`);
  return folder;
}

function script(
  name: string,
  cwd: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Finished> {
  return program(join(PACKAGE_ROOT, `scripts/riva-${name}.sh`), args, { cwd, env: { ...moto.env, ...env } });
}

interface Stack {
  StackStatus: string;
  Outputs?: { OutputKey: string; OutputValue: string }[];
}

async function outputsOf(stack: string): Promise<Record<string, string>> {
  const { Stacks } = (await moto.ask("cloudformation", "describe-stacks", "--stack-name", stack)) as {
    Stacks: [Stack];
  };
  expect(Stacks[0].StackStatus).toBe("CREATE_COMPLETE");
  return Object.fromEntries(
    (Stacks[0].Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
}

async function runningInstances(): Promise<string[]> {
  const { Reservations } = (await moto.ask(
    ...["ec2", "describe-instances", "--filters", "Name=instance-state-name,Values=pending,running"],
  )) as { Reservations: { Instances: { InstanceId: string }[] }[] };
  return Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId));
}

async function userDataOf(instance: string): Promise<string> {
  const { UserData } = (await moto.ask(
    ...["ec2", "describe-instance-attribute", "--attribute", "userData", "--instance-id", instance],
  )) as { UserData: { Value: string } };
  return Buffer.from(UserData.Value, "base64").toString();
}

function fileOf(userData: string, path: string): string {
  const { write_files } = parse(userData) as { write_files: { path: string; content: string }[] };
  return write_files.find((file) => file.path === path)?.content ?? `no ${path}`;
}

test("a NIM host: made, made again, refused with other settings, taken away, taken away again", async () => {
  const GATEWAY_IMAGE = `registry.example:5000/riva-bench@${DIGEST}`;
  const folder = folderWith({ ...settings, GATEWAY_IMAGE, NIM_TAGS_SELECTOR: "name=parakeet,mode=str" });
  const before = textOf(folder, "riva.env");

  const dry = await script("100-provision", folder, ["--dry-run"]);
  expect([dry.code, dry.stderr]).toEqual([
    0,
    expect.stringContaining("would run: aws cloudformation create-stack"),
  ]);
  expect([await runningInstances(), textOf(folder, "riva.env"), textOf(folder, "riva.log")]).toEqual([
    [],
    before,
    "",
  ]);

  const made = await script("100-provision", folder);
  expect([made.stderr, made.code]).toEqual([expect.stringContaining("the host is "), 0]);
  const outputs = await outputsOf("riva-host");
  const written = textOf(folder, "riva.env");
  expect(written).toBe(
    `${before}RIVA_HOST=${outputs["RivaHost"] ?? "?"}\nRIVA_PORT=50051\nNIM_HTTP_API_PORT=9000\nRIVA_SERVER=nim\n` +
      `RIVA_INSTANCE_ID=${outputs["InstanceId"] ?? "?"}\nAWS_REGION=us-east-1\n` +
      `GATEWAY_HOST=${outputs["RivaHost"] ?? "?"}\nGATEWAY_PORT=8080\n`,
  );
  expect(outputs["RivaHost"]).toMatch(/^10\./);
  const instances = await runningInstances();
  expect(instances).toEqual([outputs["InstanceId"]]);

  const userData = await userDataOf(instances[0] ?? "");
  expect(Buffer.byteLength(userData)).toBeLessThan(16_384);
  expect(userData).not.toContain(KEY);
  expect(userData).not.toMatch(/[$]\{/);
  expect(fileOf(userData, "/etc/riva-bench/release.env")).toContain(
    `SPEECH_IMAGE=${settings["RIVA_IMAGE"] ?? "?"}\nGATEWAY_IMAGE=${GATEWAY_IMAGE}\nNODE_EXPORTER_IMAGE=\n`,
  );
  expect(fileOf(userData, "/etc/riva-bench/host.env")).toBe(
    `AWS_DEFAULT_REGION=us-east-1\nNGC_SECRET_ARN=${settings["NGC_SECRET_ARN"] ?? "?"}\n` +
      "NIM_TAGS_SELECTOR=name=parakeet,mode=str\n",
  );
  expect(userData).toContain("- riva-nim.service\n");

  // Closed by default.
  const { SecurityGroups } = (await moto.ask(
    ...[
      "ec2",
      "describe-security-groups",
      "--filters",
      "Name=tag:aws:cloudformation:stack-name,Values=riva-host",
    ],
  )) as { SecurityGroups: { IpPermissions: unknown[] }[] };
  expect(SecurityGroups.map(({ IpPermissions }) => IpPermissions)).toEqual([[]]);

  const again = await script("100-provision", folder);
  expect([again.code, again.stderr]).toEqual([
    0,
    expect.stringContaining("riva-host is there (CREATE_COMPLETE)"),
  ]);
  expect([textOf(folder, "riva.env"), await runningInstances()]).toEqual([written, instances]);

  const other = await script("100-provision", folder, [], { RIVA_IMAGE: `nvcr.io/other@${DIGEST}` });
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining(`was made with SpeechImage=${settings["RIVA_IMAGE"] ?? "?"}, not nvcr.io/other@`),
  ]);

  const dryDown = await script("190-teardown", folder, ["--dry-run"]);
  expect([dryDown.code, await runningInstances(), textOf(folder, "riva.env")]).toEqual([
    0,
    instances,
    written,
  ]);
  for (const word of ["runs: aws cloudformation delete-stack", "there is no stack riva-host"]) {
    const down = await script("190-teardown", folder);
    expect([down.code, down.stderr]).toEqual([0, expect.stringContaining(word)]);
    expect(await runningInstances()).toEqual([]);
    expect(textOf(folder, "riva.env")).toBe(`${before}RIVA_SERVER=nim\nAWS_REGION=us-east-1\n`);
  }

  const logged = textOf(folder, "riva.log");
  expect(logged).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ riva-100-provision\.sh: runs: aws cloudformation create-stack /,
  );
  expect(logged).not.toContain("would run");
  expect(logged).not.toContain(KEY);
}, 900_000);

test("a legacy host, open to a range; its role reads one secret, its disk is encrypted", async () => {
  const folder = folderWith({ ...settings, RIVA_SERVER: "legacy", RIVA_STACK: "old" });
  const { code } = await script("100-provision", folder, [], { RIVA_ALLOWED_CIDR: "10.1.0.0/16" });
  expect(code).toBe(0);
  const outputs = await outputsOf("old");
  expect(Object.keys(outputs).sort()).toEqual(["InstanceId", "Region", "RivaHost", "RivaPort", "Server"]);
  expect(textOf(folder, "riva.env")).not.toMatch(/GATEWAY|NIM_HTTP/);
  expect(await userDataOf(outputs["InstanceId"] ?? "")).toContain("- riva-legacy.service\n");

  const { StackResources } = (await moto.ask(
    ...["cloudformation", "describe-stack-resources", "--stack-name", "old"],
  )) as { StackResources: { LogicalResourceId: string; PhysicalResourceId: string }[] };
  const resource = (name: string): string =>
    StackResources.find(({ LogicalResourceId }) => LogicalResourceId === name)?.PhysicalResourceId ?? "";
  const { SecurityGroups } = (await moto.ask(
    ...["ec2", "describe-security-groups", "--group-ids", resource("SecurityGroup")],
  )) as { SecurityGroups: [{ IpPermissions: { FromPort: number; IpRanges: { CidrIp: string }[] }[] }] };
  const rules = SecurityGroups[0].IpPermissions;
  expect(rules.map(({ FromPort }) => FromPort).sort((a, b) => a - b)).toEqual([
    8002, 8080, 9000, 9100, 9400, 50051,
  ]);
  expect(new Set(rules.flatMap(({ IpRanges }) => IpRanges.map(({ CidrIp }) => CidrIp)))).toEqual(
    new Set(["10.1.0.0/16"]),
  );
  const role = resource("Role");
  const { PolicyDocument } = (await moto.ask(
    ...["iam", "get-role-policy", "--role-name", role, "--policy-name", "ngc-key"],
  )) as { PolicyDocument: string };
  // moto writes it as Python does.
  expect(JSON.parse(PolicyDocument.replaceAll("'", '"'))).toEqual({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: settings["NGC_SECRET_ARN"] },
    ],
  });
  const { Volumes } = (await moto.ask(
    ...[
      "ec2",
      "describe-volumes",
      "--filters",
      `Name=attachment.instance-id,Values=${outputs["InstanceId"] ?? ""}`,
    ],
  )) as { Volumes: object[] };
  expect(Volumes).toEqual([expect.objectContaining({ VolumeType: "gp3", Size: 200, Encrypted: true })]);
  expect((await script("190-teardown", folder)).code).toBe(0);
}, 900_000);

test("a stack that is not ours is left alone", async () => {
  const folder = folderWith({ ...settings, RIVA_STACK: "theirs" });
  const template = '{ "Resources": { "Theirs": { "Type": "AWS::CloudFormation::WaitConditionHandle" } } }';
  await moto.ask("cloudformation", "create-stack", "--stack-name", "theirs", "--template-body", template);
  for (const name of ["100-provision", "190-teardown"]) {
    const { code, stderr } = await script(name, folder);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("theirs was not made by riva-100-provision.sh"),
    ]);
  }
  expect(await outputsOf("theirs")).toEqual({});
}, 900_000);

test("what AWS refuses, and states that are no host, end with its message and exit code 1", async () => {
  const answers: [says: string, code: number, message: string][] = [
    ["echo 'AccessDenied: not for you' >&2; exit 254", 1, "AccessDenied: not for you"],
    [
      "case $2 in describe-stacks) printf 'status\\tstatus\\tROLLBACK_COMPLETE\\n' ;; *) echo x ;; esac",
      1,
      "in state ROLLBACK_COMPLETE",
    ],
    ["case $2 in describe-images) echo None ;; *) echo x ;; esac", 2, "there is no AMI"],
    [
      "case $2 in describe-stacks) echo 'Stack does not exist' >&2; exit 254 ;; create-stack) exit 254 ;; *) echo x ;; esac",
      1,
      "AWS did not take the stack",
    ],
  ];
  for (const [says, code, message] of answers) {
    const path = `${fakePrograms({ aws: says })}:${process.env["PATH"] ?? ""}`;
    const done = await script("100-provision", folderWith(settings), [], { PATH: path });
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(message)]);
  }
});

test("settings that can't be used are named, before anything is asked", async () => {
  const cases: [text: string, message: RegExp][] = [
    ["", /RIVA_IMAGE is not set \(.*\): in the environment or in riva\.env/],
    ["RIVA_IMAGE=x\nsecret stuff", /riva\.env, line 2: not of the form NAME=value/],
    ["PATH=/nowhere\n", /riva\.env, line 1: unknown setting PATH/],
    ["RIVA_IMAGE=\n", /RIVA_IMAGE is not set/],
  ];
  for (const [text, message] of cases) {
    const folder = tempFolder();
    writeFileSync(join(folder, "riva.env"), text);
    const path = `${fakePrograms({ aws: "echo asked >&2; exit 1" })}:${process.env["PATH"] ?? ""}`;
    const { code, stderr } = await script("100-provision", folder, [], { PATH: path });
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/secret stuff|asked/);
  }
  const { code, stderr } = await script("190-teardown", tempFolder(), ["--dryrun"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("unknown argument --dryrun")]);
  const help = await script("190-teardown", tempFolder(), ["--help"]);
  expect([help.code, help.stdout]).toEqual([
    0,
    expect.stringMatching(/^Deletes the stack [\s\S]*RIVA_STACK/),
  ]);
});

test("every setting of the example is one that the scripts know, and the other way round", () => {
  const example = readFileSync(join(PACKAGE_ROOT, "deploy/aws/riva.env.example"), "utf8");
  const named = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  const names = ["100-provision", "105-check", "110-transcribe", "120-end-to-end", "125-validate-production"];
  const scripts = [
    ...[...names, "130-rollback", "190-teardown"].map((name) => `riva-${name}.sh`),
    "lib/riva.sh",
  ];
  const text = [...scripts, "lib/riva-stack.sh"]
    .map((path) => readFileSync(join(PACKAGE_ROOT, "scripts", path), "utf8"))
    .join("\n");
  const read = [...text.matchAll(/\$\{?([A-Z]+_[A-Z_]+)\b|need ([A-Z]+_[A-Z_]+)/g)].map(
    ([, a, b]) => a ?? b ?? "",
  );
  const ours = new Set(
    read.filter(
      (name) =>
        !/^(RIVA_(HOST|INSTANCE_ID|ENV|LOG)|GATEWAY_(HOST|PORT)|BASH_SOURCE|AWS_DEFAULT_REGION)$/.test(name),
    ),
  );
  expect(new Set(named)).toEqual(ours);
});
