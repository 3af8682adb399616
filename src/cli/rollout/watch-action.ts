/** `bench rollout watch`: returns to the version before when an alert fires. */
import { readEnvironment } from "../../base/files/dot-env.ts";
import { formatDuration } from "../../base/duration.ts";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import type { HttpService } from "../../base/http-service.ts";
import { httpService } from "../../base/http-service.ts";
import { printable } from "../../base/text/printable.ts";
import type { Alert } from "../../rollout/alerts.ts";
import { alertsUrl, firingAlerts, rulesUrl, unknownAlerts } from "../../rollout/alerts.ts";
import { shortImage } from "../../rollout/release.ts";
import { watchAlerts } from "../../rollout/watch.ts";
import { change, whoAsks } from "./change.ts";
import type { OpenRollout } from "./open-rollout.ts";
import { readState } from "./open-rollout.ts";

/** Watches the version that serves now. @throws BenchError (exit 2) when nothing serves, or no alerts are named */
export async function watchAction(
  open: OpenRollout,
  { forMs, json }: { forMs: number; json: boolean },
): Promise<void> {
  const { world, file } = open;
  const { alerts } = file;
  if (alerts === undefined)
    throw BenchError.usage(
      "the rollout's file names no alerts to watch",
      "Add alerts: { prometheus: http://..., names: [...] }.",
    );
  const { current, earlier } = await readState(open);
  if (current === undefined || earlier.length === 0)
    throw BenchError.usage("there is no version to return to: nothing to watch for");
  const environment = await readEnvironment(world.env, world.cwd);
  const serviceAt = (url: string): HttpService =>
    httpService(
      {
        url,
        what: "alerts.prometheus",
        example: "http://prometheus:9090",
        tokenFrom: "BENCH_PROMETHEUS_TOKEN",
      },
      environment,
    );
  const service = serviceAt(alertsUrl(alerts.prometheus));
  const ending = new AbortController();
  const forget = world.onInterrupt(() => ending.abort(), ["SIGHUP"]);
  const say = (line: string): void => world.stderr.write(`${printable(line)}\n`);
  await mustHaveRules(serviceAt(rulesUrl(alerts.prometheus)), alerts.names, say);
  say(
    `${shortImage(current.image)}: watching ${alerts.names.join(", ")} for ${formatDuration(forMs)}; on an alert ` +
      `${shortImage(earlier[0] ?? "")} serves again`,
  );
  const watched = await watchAlerts({
    firing: () => firingAlerts(service, alerts.names),
    servesSinceMs: Date.parse(current.at),
    ...{ forMs, everyMs: alerts.every, note: say, clock: world.clock, signal: ending.signal },
  });
  forget();
  switch (watched.outcome) {
    case "quiet": {
      const serves = (await readState(open)).current;
      if (serves?.at !== current.at)
        throw new BenchError(
          `${shortImage(current.image)} was left while it was watched; ${serves === undefined ? "nothing" : shortImage(serves.image)} serves`,
          { exitCode: EXIT.inconclusive, hint: "Watch the version that serves now." },
        );
      world.stdout.write(`no alert in ${formatDuration(forMs)}\n`);
      await leaveIdle(open, current.at);
      return;
    }
    case "masked":
      throw new BenchError(
        `${watched.alert.name} fires, and did before the version served: it can't tell what the version does`,
        {
          exitCode: EXIT.inconclusive,
          hint: "The version serves on. End what the alert is about, and watch again.",
        },
      );
    case "blind":
      throw new BenchError(
        `Prometheus could not be asked for ${(watched.longestMs / 1000).toFixed(0)} s: nobody can say that no alert fired`,
        {
          exitCode: EXIT.inconclusive,
          hint: "The version serves on. Mend the address or Prometheus, and watch again.",
        },
      );
    case "interrupted":
      world.setExitCode(EXIT.interrupted);
      return;
    case "alert":
      await returnFrom(open, current.at, watched.alert, json);
  }
}

/** @throws BenchError (exit 2) for a name that no rule has: such an alert can't fire, and its silence would mean nothing */
async function mustHaveRules(
  service: HttpService,
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  let found: Awaited<ReturnType<typeof unknownAlerts>>;
  try {
    found = await unknownAlerts(service, names);
  } catch (error) {
    say(`Prometheus does not tell its rules (${messageOf(error)}): nobody checks that the alerts are there`);
    return;
  }
  for (const name of found.failing)
    say(`Prometheus can't evaluate the rule of ${name} at the moment: it can't fire until it can`);
  if (found.missing.length > 0)
    throw BenchError.usage(
      `alerts.names: Prometheus has no alerting rule ${found.missing.join(", ")}: it would never fire`,
      "Load dashboards/rules into it (docs/watching.md), or mend the name.",
    );
}

/** Returns, unless another version serves by now. @param at since when the watched one did */
async function returnFrom(open: OpenRollout, at: string, alert: Alert, json: boolean): Promise<void> {
  const { world } = open;
  const summary = alert.summary === undefined ? "" : `: ${alert.summary}`;
  const why = `${alert.name} fires since ${new Date(alert.activeAtMs).toISOString()}${summary}`;
  world.stderr.write(`${printable(why)}\n`);
  const author = { by: whoAsks(world), why };
  const ended = await change(open, { json, author, isPatient: true }, (machine) => {
    const serves = machine.state.current;
    // The same image may have been left and deployed again meanwhile.
    if (serves?.at === at) return machine.back(author);
    world.stdout.write(`another version serves by now: ${serves?.image ?? "none"}\n`);
    world.setExitCode(EXIT.inconclusive);
    return Promise.resolve(undefined);
  });
  // The version that was watched is no good, as with an SLO that failed before.
  if (ended?.exitCode === EXIT.passed) world.setExitCode(EXIT.sloFailed);
}

/** The version before is not needed any more, unless another one serves by now. */
async function leaveIdle(open: OpenRollout, at: string): Promise<void> {
  if ((await readState(open)).idle === undefined) return;
  const author = { by: whoAsks(open.world), why: "no alert" };
  await change(open, { json: false, author, isPatient: true }, async (machine) => {
    if (machine.state.current?.at === at) await machine.leaveIdle();
    return undefined;
  });
}
