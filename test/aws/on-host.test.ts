/** The scripts of the host, besides systemd, with fakes of `aws`, `docker` and `systemctl`; and the hook that gets there. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { fakePrograms, program } from "../support/aws.ts";
import type { Finished } from "../support/bench-process.ts";
import { tempFolder } from "../support/bench-process.ts";

const PATH = process.env["PATH"] ?? "";
const IMAGE = `nvcr.io/nim/nvidia/parakeet@sha256:${"0123456789abcdef".repeat(4)}`;

/** A script of the host with its places moved into a folder, and its programs fakes that write down what they were told. */
async function onHost(
  name: string,
  args: string[],
  secret: string,
  docker = "",
): Promise<Finished & { told: string; folder: string }> {
  const folder = tempFolder();
  const fakes = fakePrograms({
    aws: `echo "aws $*" >>${folder}/told; case "$1" in ecr) echo ecr-password ;; *) printf '%s\\n' '${secret}' ;; esac`,
    systemctl: `echo "systemctl $*" >>${folder}/told; [ "$*" != "--quiet is-enabled riva-legacy" ]`,
    docker: `echo "docker $*" >>${folder}/told; case $1 in login) cat >>${folder}/passwords ;; image) exit 1 ;; esac; ${docker}`,
  });
  writeFileSync(join(folder, "host.env"), "AWS_DEFAULT_REGION=us-east-1\nNGC_SECRET_ARN=arn:of:secret\n");
  writeFileSync(join(folder, "release.env"), "# ours\nSPEECH_IMAGE=old@sha256:0\nGATEWAY_IMAGE=g\n");
  for (const file of ["ngc-key", "pull", "release"]) {
    const text = readFileSync(join(PACKAGE_ROOT, `deploy/systemd/${file}.sh`), "utf8");
    const moved = text
      .replaceAll("/run/riva-bench", folder)
      .replaceAll(/\/(usr\/local\/lib|etc)\/riva-bench/g, folder);
    writeFileSync(join(folder, file), moved, { mode: 0o755 });
  }
  const env = { PATH: `${fakes}:${PATH}`, NGC_SECRET_ARN: "arn:of:secret" };
  const done = await program(join(folder, name), args, { cwd: folder, env });
  const told = existsSync(join(folder, "told")) ? readFileSync(join(folder, "told"), "utf8") : "";
  return { ...done, told, folder };
}

test("on the host: the NGC key gets into a file of root's alone and into docker's input, never into arguments or output", async () => {
  const { code, stdout, stderr, told, folder } = await onHost("pull", [IMAGE], "nvapi-abc_DEF-1");
  expect([code, `${stdout}${stderr}${told}`]).toEqual([0, expect.not.stringContaining("nvapi")]);
  expect(told).toContain("docker login --username $oauthtoken --password-stdin nvcr.io\ndocker pull");
  expect(readFileSync(join(folder, "passwords"), "utf8")).toBe("nvapi-abc_DEF-1\n");
  expect(readFileSync(join(folder, "ngc.env"), "utf8")).toBe("NGC_API_KEY=nvapi-abc_DEF-1\n");
  expect(statSync(join(folder, "ngc.env")).mode & 0o777).toBe(0o600);
});

test.each(['{"NGC_API_KEY": "nvapi-abc"}', "None", "", "nvapi-abc def"])(
  "on the host: %j is no key",
  async (secret) => {
    const { code, stdout, stderr } = await onHost("ngc-key", [], secret);
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      expect.stringContaining("must be the NGC API key itself"),
    ]);
    expect(stderr).not.toContain("abc");
  },
);

test("on the host: images come by digest, from ECR with the instance's role, from elsewhere without a key", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const tag = await onHost("pull", ["nvcr.io/nim/nvidia/parakeet:latest"], "key");
  expect([tag.code, tag.told, tag.stderr]).toEqual([
    1,
    "",
    expect.stringContaining("must be pinned by digest"),
  ]);
  const ecr = await onHost("pull", [`1234.dkr.ecr.eu-central-1.amazonaws.com/riva-bench@${digest}`], "key");
  expect(ecr.told).toContain("--password-stdin 1234.dkr.ecr.eu-central-1.amazonaws.com\n");
  expect(ecr.told).not.toContain("secretsmanager");
  const other = await onHost("pull", [`quay.io/prometheus/node-exporter@${digest}`], "key");
  expect(other.told).not.toMatch(/login|aws/);
  const refused = await onHost("pull", [IMAGE], "key", "case $1 in login) exit 1 ;; esac");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("nvcr.io refused the NGC key")]);
});

test("on the host: a release is written down and the unit that is enabled restarted, twice with the same end", async () => {
  for (let times = 0; times < 2; times++) {
    const { code, told, folder } = await onHost("release", [IMAGE], "key");
    expect([code, readFileSync(join(folder, "release.env"), "utf8")]).toEqual([
      0,
      `# ours\nSPEECH_IMAGE=${IMAGE}\nGATEWAY_IMAGE=g\n`,
    ]);
    expect(told.indexOf("docker pull")).toBeLessThan(told.indexOf("systemctl stop"));
    // Stopped before it returns: nothing asks the old one whether it is ready.
    expect(told.match(/(?<=systemctl )(stop|--no-block).*/g)).toEqual([
      "stop riva-nim",
      "--no-block start riva-nim",
    ]);
  }
});

test("on the host: an image that can't be pulled changes nothing", async () => {
  const { code, told, stderr, folder } = await onHost(
    "release",
    [IMAGE],
    "key",
    "case $1 in pull) exit 1 ;; esac",
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining(`can't pull ${IMAGE}`)]);
  expect(told).not.toContain("systemctl");
  expect(readFileSync(join(folder, "release.env"), "utf8")).toContain("SPEECH_IMAGE=old@sha256:0\n");
});

test.each(["nvcr.io/x:latest", "x@sha256:0|e id", "x@sha256:0 y", "", "$(id)@sha256:0"])(
  "on the host: %j is no release",
  async (image) => {
    const { code, told, stderr, folder } = await onHost("release", [image], "key");
    expect([code, told, stderr]).toEqual([1, "", expect.stringContaining("not pinned by digest")]);
    expect(readFileSync(join(folder, "release.env"), "utf8")).toContain("SPEECH_IMAGE=old@sha256:0\n");
  },
);

test("the hook of deploy/aws/rollout.yaml gets there by Systems Manager", async () => {
  const rollout = parse(readFileSync(join(PACKAGE_ROOT, "deploy/aws/rollout.yaml"), "utf8")) as {
    start: string[];
  };
  const [hook = "", ...args] = rollout.start;
  expect(args).toEqual(["${RELEASE_IMAGE}"]);
  const script = join(PACKAGE_ROOT, "deploy/aws", hook);
  const cwd = tempFolder();
  const run = (image: string, aws: string, flags: string[] = []): Promise<Finished> =>
    program(script, [...flags, image], {
      cwd,
      env: {
        PATH: `${fakePrograms({ aws: `echo "$*" >>${cwd}/asked; ${aws}` })}:${PATH}`,
        RIVA_INSTANCE_ID: "i-1",
        RIVA_POLL_S: "0",
      },
    });
  const asked = (): string =>
    existsSync(join(cwd, "asked")) ? readFileSync(join(cwd, "asked"), "utf8") : "";
  expect((await run(IMAGE, "exit 0", ["--dry-run"])).stderr).toContain("would run: aws ssm send-command");
  expect((await run("nvcr.io/x:latest", "exit 0")).code).toBe(2);
  expect(asked()).toBe("");
  // It does not know the command at once, then it takes its time.
  const answers = `case $2 in get-*) case $(wc -l <${cwd}/asked) in 2) exit 254 ;; 3) echo InProgress ;; *) echo Success ;; esac ;; *) echo c-1 ;; esac`;
  expect((await run(IMAGE, answers)).code).toBe(0);
  expect(asked()).toMatch(
    RegExp(
      `^ssm send-command --instance-ids i-1 .*commands=/usr/local/lib/riva-bench/release ${IMAGE} .*\n(ssm get-command-invocation --command-id c-1 --instance-id i-1 .*\n){3}$`,
    ),
  );
  expect((await run(IMAGE, "exit 254")).code).toBe(1);
  expect((await run(IMAGE, "case $2 in get-*) echo Failed ;; *) echo c-2 ;; esac")).stderr).toContain(
    "(Failed): aws ssm get-command-invocation --command-id c-2",
  );
  const silent = await run(IMAGE, "case $2 in get-*) echo AccessDenied >&2; exit 254 ;; *) echo c-3 ;; esac");
  expect([silent.code, silent.stderr]).toEqual([1, expect.stringContaining("can't be asked: AccessDenied")]);
});
