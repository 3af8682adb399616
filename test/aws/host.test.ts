/** The template of the GPU host, its user data and its units, by the tools that read them: cfn-lint, checkov, cloud-init's schema, systemd. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { tempFolder } from "../support/bench-process.ts";
import { awsTools, program } from "../support/aws.ts";

const TEMPLATE = join(PACKAGE_ROOT, "deploy/aws/riva-host.yaml");
const UNITS = join(PACKAGE_ROOT, "deploy/systemd");
const template = readFileSync(TEMPLATE, "utf8");
const userData = readFileSync(join(PACKAGE_ROOT, "deploy/aws/user-data.yaml"), "utf8");

interface CloudConfig {
  write_files: { path: string; permissions: string; content: string }[];
  runcmd: string[][];
}

let tools = "";
beforeAll(() => {
  tools = awsTools();
}, 900_000);

/** The template with a mistake in it, in a file of its own. */
function planted(from: string, to: string): string {
  expect(template).toContain(from);
  const path = join(tempFolder(), "riva-host.yaml");
  writeFileSync(path, template.replace(from, to));
  return path;
}

test("cfn-lint finds nothing in the template, and what is planted in it", async () => {
  const bad = [
    planted("HttpTokens: required", "HttpTokenz: required"),
    planted("GetAtt Instance.PrivateIp", "GetAtt Instance.PrivateIq"),
    planted("!Ref InstanceType", "!Ref InstanceKind"),
  ];
  const { stdout } = await program(join(tools, "cfn-lint"), ["--format", "json", "--", TEMPLATE, ...bad]);
  const found = JSON.parse(stdout) as { Filename: string; Message: string }[];
  const messages = [TEMPLATE, ...bad].map((path) =>
    found.filter(({ Filename }) => Filename === path).map(({ Message }) => Message),
  );
  expect(messages).toEqual([
    [],
    [expect.stringContaining("HttpTokenz")],
    [expect.stringContaining("PrivateIq")],
    expect.arrayContaining([expect.stringContaining("InstanceKind")]),
  ]);
});

test("checkov finds nothing in the template, and what is planted in it", async () => {
  const bad = [
    planted("AssociatePublicIpAddress: !Ref PublicAddress", "AssociatePublicIpAddress: true"),
    planted("#cloud-config", "#cloud-config\n            # key: AKIAIOSFODNN7EXAMPLE"),
  ];
  const flags = ["--framework", "cloudformation", "--skip-download", "--quiet", "--output", "json"];
  const files = [TEMPLATE, ...bad].flatMap((path) => ["--file", path]);
  const { stdout } = await program(join(tools, "checkov"), [...flags, ...files]);
  const { results, summary } = JSON.parse(stdout) as {
    results: { failed_checks: { check_id: string; file_abs_path: string }[] };
    summary: { passed: number; skipped: number; parsing_errors: number };
  };
  expect(summary.passed).toBeGreaterThan(30);
  expect([summary.skipped, summary.parsing_errors]).toEqual([0, 0]);
  const failed = [TEMPLATE, ...bad].map((path) =>
    results.failed_checks.filter((check) => check.file_abs_path === path).map(({ check_id }) => check_id),
  );
  expect(failed).toEqual([[], ["CKV_AWS_88"], ["CKV_AWS_46"]]);
});

// checkov does not look at these properties, and moto takes the disk alone.
test("the instance demands IMDSv2 beyond containers' reach, has an encrypted disk, no SSH key, and what Systems Manager needs", () => {
  const { Resources } = parse(template, { logLevel: "silent" }) as {
    Resources: {
      Instance: { Properties: Record<string, unknown> };
      SecurityGroup: { Properties: object };
      Role: { Properties: { ManagedPolicyArns: string[] } };
    };
  };
  // Sub leaves the partition in.
  expect(Resources.Role.Properties.ManagedPolicyArns).toEqual(
    ["AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryPullOnly"].map(
      (name) => `arn:\${AWS::Partition}:iam::aws:policy/${name}`,
    ),
  );
  const { MetadataOptions, BlockDeviceMappings, KeyName, EbsOptimized } = Resources.Instance.Properties;
  expect({ MetadataOptions, BlockDeviceMappings, KeyName, EbsOptimized }).toEqual({
    MetadataOptions: { HttpEndpoint: "enabled", HttpTokens: "required", HttpPutResponseHopLimit: 1 },
    BlockDeviceMappings: [
      {
        DeviceName: "RootDeviceName",
        Ebs: { VolumeType: "gp3", VolumeSize: "DiskGigabytes", Encrypted: true, DeleteOnTermination: true },
      },
    ],
    KeyName: undefined,
    EbsOptimized: true,
  });
  expect(Resources.SecurityGroup.Properties).toMatchObject({
    SecurityGroupEgress: [{ FromPort: 443, ToPort: 443 }],
  });
});

test.each(["0.0.0.0/0", "10.0.0.0/7", "10.0.0.0", "::/0", "10.0.0.0/33"])(
  "AllowedCidr does not take %s",
  (range) => {
    const { Parameters } = parse(template, { logLevel: "silent" }) as {
      Parameters: { AllowedCidr: { AllowedPattern: string } };
    };
    const pattern = RegExp(Parameters.AllowedCidr.AllowedPattern);
    expect([pattern.test(range), pattern.test("10.1.0.0/16"), pattern.test("")]).toEqual([false, true, true]);
  },
);

describe("user data", () => {
  const config = parse(userData) as CloudConfig;

  test("is the one in the template, below the 16 KB that EC2 takes with the longest values", () => {
    const indented = /!Sub\n *- \|\n( *)#cloud-config\n[\s\S]*?(?= *- Region:)/.exec(template);
    const [block = "", indent = ""] = indented ?? [];
    const lines = block.split("\n").slice(2);
    expect(
      lines
        .map((line) => line.replace(indent, ""))
        .join("\n")
        .trimEnd(),
    ).toBe(userData.trimEnd());
    const longest = userData.replace(/\$\{\w+\}/g, "x".repeat(250));
    expect(Buffer.byteLength(longest)).toBeLessThan(16_384);
  });

  test("names parameters of the template and nothing that its readers would fill in by mistake", () => {
    const { Parameters } = parse(template, { logLevel: "silent" }) as { Parameters: Record<string, unknown> };
    const names = [...userData.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name);
    expect(new Set(names)).toEqual(
      new Set([
        ...["SpeechImage", "GatewayImage", "NodeExporterImage", "GpuExporterImage"],
        ...["Region", "NgcSecretArn", "NimTagsSelector", "Server"],
      ]),
    );
    for (const name of names) expect(["Region", ...Object.keys(Parameters)]).toContain(name);
    expect(userData).not.toContain("%{");
  });

  test("keeps to cloud-init's schema", (context) => {
    const path = join(PACKAGE_ROOT, "build/aws/schema-cloud-config-v1.json");
    if (!existsSync(path)) context.skip("cloud-init's schema can't be had here");
    const schema = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const { $schema, ...rules } = schema;
    expect($schema).toContain("draft-04");
    const validate = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(rules);
    expect([validate(config), validate.errors]).toEqual([true, null]);
    expect(validate({ ...config, write_files: [{ paht: "/x" }] })).toBe(false);
  });

  test("holds every file of deploy/systemd as it is, and enables units that it brings", () => {
    const files = new Map(config.write_files.map(({ path, content }) => [path, content]));
    const names = readdirSync(UNITS);
    for (const name of names) {
      const path = [...files.keys()].find((place) => basename(place) === name.replace(/\.sh$/, ""));
      expect([name, files.get(path ?? "")]).toEqual([name, readFileSync(join(UNITS, name), "utf8")]);
    }
    const [, enable = []] = config.runcmd;
    expect(enable.slice(0, 4)).toEqual(["systemctl", "enable", "--now", "--no-block"]);
    const services = names.filter((name) => name.endsWith(".service"));
    const enabled = (server: string): string[] =>
      enable.slice(4).map((unit) => unit.replace("${Server}", server));
    expect([...new Set([...enabled("nim"), ...enabled("legacy")])].sort()).toEqual(services.sort());
  });
});

describe("units", () => {
  const services = readdirSync(UNITS).filter((name) => name.endsWith(".service"));
  // What they run is on the host; here a file of that name will do.
  const PROGRAMS = ["/usr/bin/docker", "/usr/bin/install", "/usr/bin/grep"];
  const OURS = ["/usr/local/lib/riva-bench/pull", "/usr/local/lib/riva-bench/ngc-key"];
  const TARGETS = ["sysinit", "basic", "shutdown", "network-online", "multi-user"].map(
    (name) => `${name}.target`,
  );

  /** A root with the units in it, one of them changed. */
  function root(change: (text: string) => string = (text) => text): string {
    const folder = mkdtempSync(join(tmpdir(), "riva-bench-root-"));
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
      chmodSync(join(folder, path), 0o755);
    };
    for (const path of [...PROGRAMS, ...OURS]) put(path, "#!/bin/sh\n");
    for (const name of TARGETS) put(`/etc/systemd/system/${name}`, "[Unit]\nDescription=A target\n");
    put("/etc/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/docker\n");
    for (const name of services)
      put(`/etc/systemd/system/${name}`, change(readFileSync(join(UNITS, name), "utf8")));
    for (const name of readdirSync(join(folder, "etc/systemd/system")))
      chmodSync(join(folder, "etc/systemd/system", name), 0o644);
    return folder;
  }

  const verify = (folder: string): ReturnType<typeof spawnSync> =>
    spawnSync("systemd-analyze", ["verify", "--man=no", `--root=${folder}`, ...services], {
      encoding: "utf8",
    });
  const isThere = spawnSync("systemd-analyze", ["--version"]).status === 0;

  test.runIf(isThere)("systemd-analyze finds nothing in them, and what is planted in one", () => {
    const { status, stderr } = verify(root());
    expect([stderr, status]).toEqual(["", 0]);
    expect(verify(root((text) => text.replace("Restart=always", "Restrat=always"))).stderr).toContain(
      "'Restrat'",
    );
    expect(verify(root((text) => text.replace("/bin/docker run", "/bin/dokcer run"))).stderr).toContain(
      "dokcer",
    );
  });

  test.runIf(isThere)("systemctl enables them for a start of the machine", () => {
    const folder = root();
    const { status } = spawnSync("systemctl", [`--root=${folder}`, "enable", ...services]);
    expect(status).toBe(0);
    expect(readdirSync(join(folder, "etc/systemd/system/multi-user.target.wants")).sort()).toEqual(
      services.sort(),
    );
  });

  test("each pulls the image that it runs, by a name of release.env, and stops the container that it starts", () => {
    for (const name of services) {
      const text = readFileSync(join(UNITS, name), "utf8");
      const [, pulled] = /^ExecStartPre=\S+\/pull \$(\w+)$/m.exec(text) ?? [];
      expect([name, userData]).toEqual([name, expect.stringContaining(`${pulled ?? "?"}=`)]);
      const command = /^ExecStart=([\s\S]*?[^\\])$/m.exec(text)?.[1] ?? "";
      expect([name, command]).toEqual([name, expect.stringContaining(` $${pulled}`)]);
      const [, container] = / --name (\S+)/.exec(command) ?? [];
      expect([name, text]).toEqual([name, expect.stringMatching(RegExp(`^ExecStop=.* ${container}$`, "m"))]);
      expect([name, text]).toEqual([name, expect.stringContaining(`rm --force ${container}\n`)]);
    }
  });
});
