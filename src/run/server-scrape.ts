/** Reads the target's own metrics once a second while a run lasts. It never disturbs the run: what can't be read is absent. */
import { probe } from "../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import { messageOf } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { ServerPoint, ServerReading } from "../metrics/result/server-side.ts";
import { readServerMetrics, saysAnything, serverPoint } from "../metrics/result/server-side.ts";
import { redactUrl } from "../base/text/redact.ts";
import type { HttpService } from "../base/http-service.ts";
import { callService } from "../base/http-service.ts";

export interface ServerScrape {
  /** @param t0EpochMs when the run begins */
  start(t0EpochMs: number): void;
  stop(): void;
  /** Between two readings each, with the middle of the two in milliseconds since T0. */
  points(): { atMs: number; point: ServerPoint }[];
}

const EVERY_MS = 1000;
const LIMIT_MS = 900;

/** @param onProblem once, with the first reason why a service gave nothing; no secret is in it */
export function createServerScrape(
  services: readonly HttpService[],
  clock: Clock,
  onProblem: (message: string) => void,
): ServerScrape {
  const points: { atMs: number; point: ServerPoint }[] = [];
  let before: { atMs: number; reading: ServerReading } | undefined;
  let cancel = (): void => undefined;
  let stopped = false;
  let told = false;

  function tell(message: string): void {
    if (!told) onProblem(message);
    told = true;
  }

  async function read(t0EpochMs: number): Promise<void> {
    const askedMs = clock.epochMs();
    const names = services.map(({ url }) => redactUrl(url));
    const texts = await Promise.allSettled(
      services.map((service) => callService(service, { limitMs: LIMIT_MS })),
    );
    texts.forEach((one, index) => {
      if (one.status === "rejected") tell(`${names[index]} can't be read (${messageOf(one.reason)})`);
    });
    if (texts.some(({ status }) => status === "rejected")) {
      before = undefined;
      return;
    }
    const reading = readServerMetrics(
      texts.map((one) => (one.status === "fulfilled" ? one.value : "")).join("\n"),
    );
    if (!saysAnything(reading)) tell(`${names.join(", ")}: no metrics of an inference server or a GPU there`);
    const now = { atMs: (askedMs + clock.epochMs()) / 2 - t0EpochMs, reading };
    if (before !== undefined && saysAnything(reading)) {
      points.push({ atMs: (before.atMs + now.atMs) / 2, point: serverPoint(before.reading, reading) });
    }
    before = now;
  }

  return {
    start(t0EpochMs) {
      if (services.length === 0) return;
      const firstMs = clock.nowMs() + (t0EpochMs - clock.epochMs());
      let seconds = 0;
      const next = (): void => {
        cancel = clock.wakeAt(firstMs + EVERY_MS * seconds++, () => {
          if (stopped) return;
          void read(t0EpochMs).then(next);
        });
      };
      next();
    },
    stop() {
      stopped = true;
      cancel();
    },
    points: () => points,
  };
}

const ROUND_TRIPS = 5;
const CONNECT_LIMIT_MS = 1000;

/**
 * The least time of some TCP connects to the target: one round trip. Undefined when none came about, or a proxy stands
 * before it.
 */
export async function roundTripMs(
  { address, route = {} }: Pick<ResolvedTarget, "address" | "route">,
  clock: Clock,
): Promise<number | undefined> {
  if (route.proxy !== undefined) return undefined;
  let least: number | undefined;
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const fromMs = clock.nowMs();
    const problem = await probe({ address, ip: route.addresses?.[0] }, clock, CONNECT_LIMIT_MS);
    if (problem === undefined) least = Math.min(least ?? Infinity, clock.nowMs() - fromMs);
  }
  return least;
}
