/** `bench rollout`: a version of the speech service is deployed behind gates, returned from, watched. */
import { durationFlag } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { pinnedImage } from "../../rollout/release.ts";
import { command } from "../command.ts";
import { change, whoAsks } from "./change.ts";
import { checkRollout, openRollout, readState } from "./open-rollout.ts";
import type { RolloutArgs } from "./rollout-options.ts";
import { rolloutOptions } from "./rollout-options.ts";
import { statusText } from "./words.ts";

export const rolloutCommand = command(rolloutOptions, rollout);

async function rollout(world: World, args: RolloutArgs): Promise<void> {
  const { action, image, why, json } = args;
  if (action !== "deploy" && image !== undefined)
    throw BenchError.usage(`bench rollout ${action} takes no image`, "Only `deploy` does.");
  if (action === "deploy" && image === undefined)
    throw BenchError.usage("no image is given", "bench rollout deploy IMAGE@sha256:...");
  if (action !== "watch" && args.for !== undefined)
    throw BenchError.usage(`bench rollout ${action} takes no --for`);
  if (action !== "deploy" && action !== "back" && why !== undefined)
    throw BenchError.usage(`bench rollout ${action} takes no --why`);
  const wanted = image === undefined ? undefined : pinnedImage(image);
  const forMs = durationFlag("--for", args.for ?? "10m", { minMs: 1000 });
  const open = await openRollout(world, args.config);
  if (action === "status") {
    const state = await readState(open);
    world.stdout.write(json ? `${JSON.stringify(state, null, 2)}\n` : statusText(state));
    return;
  }
  await checkRollout(open);
  if (action === "watch") {
    const { watchAction } = await import("./watch-action.ts");
    return watchAction(open, { forMs, json });
  }
  const author = { by: whoAsks(world), why: why ?? "" };
  await change(open, { json, author }, (machine) =>
    wanted === undefined ? machine.back(author) : machine.deploy(wanted, author),
  );
}
