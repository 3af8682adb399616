/** Our services of deploy/compose.yaml, started by podman-compose. The others' images are not ours to test: deploy.test.ts holds them to the schema. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { command, engineSays, hasPodman, healthy, RUN } from "../support/containers.ts";

const COMPOSE = join(PACKAGE_ROOT, "build/podman-compose/bin/podman-compose");
const FILE = join(PACKAGE_ROOT, "deploy/compose.yaml");

test.skipIf(!hasPodman)(
  "emulator and gateway of compose.yaml come up healthy",
  async () => {
    const compose = (...args: string[]) => command(COMPOSE, ["-p", RUN, "-f", FILE, ...args]);
    for (const service of ["emulator", "gateway"]) {
      const { code, stderr } = await compose("up", "--detach", "--no-build", service);
      expect([service, code, stderr]).toEqual([service, 0, expect.any(String)]);
      await healthy(`${RUN}_${service}_1`);
      const settings = "{{.HostConfig.ReadonlyRootfs}} {{.EffectiveCaps}} {{.HostConfig.SecurityOpt}}";
      expect(await engineSays("inspect", "--format", settings, `${RUN}_${service}_1`)).toMatch(
        /^true \[\] \[no-new-privileges\b/,
      );
    }
    // The port that it opens on this machine.
    const page = await fetch("http://127.0.0.1:9000/health/ready");
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('"state":"up"')]);
  },
  90_000,
);
