/** What a step of `bench check` is given, and what it finds. */
import { defined } from "../../base/defined.ts";
import type { Clock } from "../../base/clock.ts";
import type { Clip } from "../../base/dataset/dataset.ts";
import type { Failure } from "../../base/outcome.ts";
import type { Given, ReachedBy } from "../../client/advice.ts";
import { adviceFor, failureText } from "../../client/advice.ts";
import type { Route } from "../../client/endpoint.ts";
import type { Resolve } from "../../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";

export interface Finding {
  ok: boolean;
  /** There was nothing to look at; `detail` says why. No fault. */
  skipped?: boolean;
  detail: string;
  advice?: string;
  /** Machine-readable parts of the detail. */
  data?: Readonly<Record<string, unknown>>;
}

/** With the way that the steps after it take; it may hold credentials, so it is no part of what is printed. */
export type RouteFinding = Finding & { route?: Route };

export interface CheckContext {
  target: ResolvedTarget;
  clock: Clock;
  /** What is said. */
  clip: Clip;
  language: string;
  resolve: Resolve;
  model?: string;
}

/** Of each step: long enough for a cold hosted endpoint, short enough to wait for. */
export const STEP_LIMIT_MS = 10_000;

export function speaksGrpc({ kind }: ResolvedTarget): boolean {
  return kind === "riva-grpc";
}

/** The parts of a target that advice depends on. */
export function given({ tls, path }: ResolvedTarget): Given {
  return { ...tls, path };
}

/** What advice about the target's streams is to speak of. */
export function reachedBy(target: ResolvedTarget): ReachedBy {
  return speaksGrpc(target) ? "gRPC" : "HTTP";
}

/** @param advice said instead of what is known of such failures in general */
export function failed(failure: Failure, advice: string | undefined = adviceFor(failure)): Finding {
  return {
    ok: false,
    detail: failureText(failure),
    ...defined({ advice }),
    data: { failure },
  };
}
