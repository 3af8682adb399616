/** The models that the server offers: what they are called, what they serve, what they say of themselves. */
import type { Partially, RecognitionConfig, RivaConfigResponse } from "../../base/riva-proto.ts";
import { MODEL_RATE_HZ } from "../audio/audio-format.ts";
import type { CallType, Engine } from "../engines/engine.ts";
import { unavailableModel } from "./rejection.ts";

const LANGUAGE = "en-US";

/** Names of the models for each kind of call, after that of the streaming one. */
export function modelNames(online: string): Record<CallType, string> {
  return { online, offline: `${online}-offline` };
}

/**
 * Name of the model that serves `config`.
 * @throws Rejection when there is none for its language or of its name
 */
export function selectModel(
  models: Readonly<Record<CallType, string>>,
  config: RecognitionConfig,
  type: CallType,
): string {
  const { language_code: language, model, sample_rate_hertz: rateHz } = config;
  const name = models[type];
  const speaks = language === "" || language.toLowerCase() === LANGUAGE.toLowerCase();
  if (!speaks || (model !== "" && model !== name))
    throw unavailableModel(language, rateHz || MODEL_RATE_HZ, type);
  return name;
}

/** The models called `wanted`, or all; those keys first that tools for the real servers read, then what the engine says of itself. */
export function describeModels(
  { models, mark, facts }: Pick<Engine, "models" | "mark" | "facts">,
  wanted: string,
): Partially<RivaConfigResponse> {
  const described = (["online", "offline"] as const).map((type) => ({
    model_name: models[type],
    parameters: {
      type,
      language_code: LANGUAGE,
      sample_rate_hertz: String(MODEL_RATE_HZ),
      streaming: type === "online" ? "True" : "False",
      offline: type === "offline" ? "True" : "False",
      ...(mark.emulated ? { emulated: "true" } : {}),
      ...(mark.standIn === undefined ? {} : { stand_in: mark.standIn }),
      ...facts,
    },
  }));
  return { model_config: described.filter(({ model_name }) => wanted === "" || wanted === model_name) };
}
