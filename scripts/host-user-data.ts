/**
 * The user data of a GPU host, from the units and scripts of `deploy/systemd`: one cloud-config for CloudFormation (`Fn::Sub`) and
 * OpenTofu (`templatefile`). Both fill in `${Name}`, so nothing else of it may hold `${` or, for OpenTofu, `%{`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { stringify } from "yaml";

const UNITS = new URL("../deploy/systemd/", import.meta.url);
const TEMPLATE = new URL("../deploy/aws/riva-host.yaml", import.meta.url);

/** The most user data that EC2 takes, before base64. */
const USER_DATA_BYTES = 16_384;
/** The values filled in take some of it: ARNs, image names with their digests. */
const VALUES_BYTES = 2_048;

const HEAD = `#cloud-config
# Generated from deploy/systemd by npm run generate; change it there.
`;

const RELEASE = `# Images that run here, pinned by digest; bench rollout changes them. Empty: the unit does not start.
SPEECH_IMAGE=\${SpeechImage}
GATEWAY_IMAGE=\${GatewayImage}
NODE_EXPORTER_IMAGE=\${NodeExporterImage}
GPU_EXPORTER_IMAGE=\${GpuExporterImage}
`;

const HOST = `AWS_DEFAULT_REGION=\${Region}
NGC_SECRET_ARN=\${NgcSecretArn}
NIM_TAGS_SELECTOR=\${NimTagsSelector}
`;

/** Where a file of `deploy/systemd` belongs on the host. */
function placeOf(name: string): { path: string; permissions: string } {
  if (name.endsWith(".service")) return { path: `/etc/systemd/system/${name}`, permissions: "0644" };
  if (name.endsWith(".sh"))
    return { path: `/usr/local/lib/riva-bench/${name.slice(0, -".sh".length)}`, permissions: "0755" };
  return { path: `/etc/riva-bench/gateway/${name}`, permissions: "0644" };
}

/** @throws Error for a file that one of the two would misread, and when it gets too long for EC2. */
export function hostUserData(): string {
  const names = readdirSync(UNITS).sort();
  const files = names.map((name) => {
    const content = readFileSync(new URL(name, UNITS), "utf8");
    if (/[$%]\{/.test(content))
      throw new Error(`deploy/systemd/${name}: write $NAME, since \${NAME} is filled in by CloudFormation`);
    return { ...placeOf(name), content };
  });
  const enabled = names.filter((name) => /^riva-(?!nim|legacy).*\.service$/.test(name));
  const config = {
    write_files: [
      { path: "/etc/riva-bench/release.env", permissions: "0644", content: RELEASE },
      { path: "/etc/riva-bench/host.env", permissions: "0644", content: HOST },
      ...files,
    ],
    runcmd: [
      ["systemctl", "daemon-reload"],
      // Not waited for: the first start of a NIM may take three quarters of an hour.
      ["systemctl", "enable", "--now", "--no-block", "riva-${Server}.service", ...enabled],
    ],
  };
  const text = HEAD + stringify(config, { lineWidth: 0 });
  if (Buffer.byteLength(text) + VALUES_BYTES > USER_DATA_BYTES)
    throw new Error(
      `the user data has ${Buffer.byteLength(text)} bytes, too many for EC2's ${USER_DATA_BYTES}`,
    );
  return text;
}

/**
 * The CloudFormation template with this user data in it.
 *
 * @throws Error when the template has no place for it.
 */
export function hostTemplate(userData: string): string {
  const place = /^( *)#cloud-config\n[\s\S]*?(?=^ *- Region: )/m;
  const template = readFileSync(TEMPLATE, "utf8");
  const indent = place.exec(template)?.[1];
  if (indent === undefined)
    throw new Error("riva-host.yaml has no user data between #cloud-config and Region");
  const indented = userData.replace(/^(?=.)/gm, indent);
  return template.replace(place, () => indented);
}
