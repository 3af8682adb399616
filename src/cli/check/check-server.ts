/** Steps of `bench check` that ask a server what it says of itself: health, models, readiness, what is behind a gateway. */
import { commonMark, markAmong, markWord } from "../../base/server-mark.ts";
import { adviceFor } from "../../client/advice.ts";
import { askGateway } from "../../client/http/gateway-state.ts";
import { createNimHttp } from "../../client/http/nim-http.ts";
import { createRivaUnary } from "../../client/grpc/riva-unary.ts";
import { httpEndpoint } from "../../run/open-target.ts";
import type { CheckContext, Finding } from "./check-finding.ts";
import { STEP_LIMIT_MS, failed, given } from "./check-finding.ts";

export async function askHealth({ target, clock }: CheckContext): Promise<Finding> {
  const unary = createRivaUnary({ ...target, clock });
  const answer = await unary.health(STEP_LIMIT_MS);
  unary.close();
  if (!answer.ok) return failed(answer.failure, adviceFor(answer.failure, "gRPC", given(target)));
  if (answer.value === "no-health-service")
    return { ok: true, detail: "the server offers no health service" };
  return answer.value === "serving"
    ? { ok: true, detail: "serving" }
    : {
        ok: false,
        detail: answer.value,
        advice: "The server is up, but does not serve yet: it may be loading models.",
      };
}

export async function listModels({ target, clock }: CheckContext): Promise<Finding> {
  const unary = createRivaUnary({ ...target, clock });
  const answer = await unary.models(STEP_LIMIT_MS);
  unary.close();
  if (!answer.ok) {
    return answer.failure.code === "UNIMPLEMENTED"
      ? { ok: true, detail: "the server does not list its models" }
      : failed(answer.failure);
  }
  const models = answer.value;
  const inWords = models.map(({ name, parameters }) => {
    const told = ["type", "language_code", "chunk_ms"].flatMap((key) =>
      parameters[key] === undefined ? [] : [`${key}=${parameters[key]}`],
    );
    return told.length === 0 ? name : `${name} (${told.join(", ")})`;
  });
  return models.length === 0
    ? {
        ok: false,
        detail: "no model is loaded",
        advice: "Deploy a streaming speech recognition model on the server.",
      }
    : {
        ok: true,
        detail: inWords.join("; "),
        data: { models, ...markAmong(models.map(({ parameters }) => parameters)) },
      };
}

/** `GET /v1/health/ready` of a NIM: also a server that takes connections may still be loading its models. */
export async function askReadiness({ target, clock }: CheckContext): Promise<Finding> {
  const { httpUrl } = target;
  if (httpUrl === undefined) {
    return { ok: true, skipped: true, detail: "the target names no HTTP port (http: in its file)" };
  }
  const answer = await createNimHttp(httpUrl, httpEndpoint(target), clock).ready(STEP_LIMIT_MS);
  if (!answer.ok) {
    const where = `${httpUrl} is what the target calls its HTTP port`;
    return failed(
      answer.failure,
      `${where}: check it (http: in its file, NIM_HTTP_API_PORT; a NIM's is 9000), or leave it out.`,
    );
  }
  switch (answer.value) {
    case "ready":
      return { ok: true, detail: `${httpUrl} says ready` };
    case "no-such-endpoint":
      return { ok: true, detail: `${httpUrl} does not tell its readiness: it is no NIM's` };
    case "not-ready":
      return {
        ok: false,
        detail: `${httpUrl} is not ready`,
        advice:
          "The NIM is up but loads its models, at its first start for half an hour: wait, and look into its log.",
      };
  }
}

/** The gateway's own state: whether a recogniser stands behind it. Undefined if the target is not declared a gateway and does not say that it is one. */
export async function askGatewayState({ target, clock }: CheckContext): Promise<Finding | undefined> {
  const answer = await askGateway(target, clock, STEP_LIMIT_MS);
  if (target.kind !== "gateway" && (!answer.ok || answer.value === undefined)) return undefined;
  if (!answer.ok) return failed(answer.failure, adviceFor(answer.failure, "HTTP", given(target)));
  const state = answer.value;
  if (state === undefined) return { ok: true, detail: "what answers does not tell its state" };
  const upstreams = state.upstreams.map(({ name, state: how, model, ...mark }) => {
    const told = [model, markWord(mark)].filter((word) => word !== undefined);
    return `${name} ${how}${told.length === 0 ? "" : ` (${told.join(", ")})`}`;
  });
  const detail = `${state.status}: ${upstreams.join("; ") || "no upstream is configured"}`;
  const data = { status: state.status, upstreams: state.upstreams, ...commonMark(state.upstreams) };
  if (state.status === "draining") {
    return { ok: false, detail, advice: "The gateway is shutting down: it takes no new sessions.", data };
  }
  if (!state.upstreams.some(({ state: how }) => how === "up")) {
    return {
      ok: false,
      detail,
      advice:
        "The gateway reaches none of its recognisers: check each with --target, and see the gateway's log.",
      data,
    };
  }
  return { ok: true, detail, data };
}
