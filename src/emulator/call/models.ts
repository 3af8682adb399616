/** The models that the server offers: what they are called, what they serve, what they say of themselves. */
import type { Partially, RecognitionConfig, RivaConfigResponse } from "../../base/riva-proto.ts";
import { MODEL_RATE_HZ } from "../audio/audio-format.ts";
import type { Profile } from "../timing/model.ts";
import type { ExactDelays } from "../timing/pace.ts";
import { unavailableModel } from "./rejection.ts";

/** Streaming and whole files are served by different models, as on the real servers. */
export type CallType = "online" | "offline";

const LANGUAGE = "en-US";

/** Name of the model for a kind of call. Says that it is emulated. */
export function modelName(profile: Profile, type: CallType): string {
  return type === "online" ? profile.model : `${profile.model}-offline`;
}

/**
 * Name of the model that serves `config`.
 * @throws Rejection when there is none for its language or of its name
 */
export function selectModel(profile: Profile, config: RecognitionConfig, type: CallType): string {
  const { language_code: language, model, sample_rate_hertz: rateHz } = config;
  const name = modelName(profile, type);
  const speaks = language === "" || language.toLowerCase() === LANGUAGE.toLowerCase();
  if (!speaks || (model !== "" && model !== name))
    throw unavailableModel(language, rateHz || MODEL_RATE_HZ, type);
  return name;
}

/** The models called `wanted`, or all; those keys first that tools for the real servers read. */
export function describeModels(
  {
    profile,
    delays,
    overloadPercent,
    datasetName,
  }: {
    profile: Profile;
    delays: ExactDelays | undefined;
    overloadPercent: number | undefined;
    datasetName: string;
  },
  wanted: string,
): Partially<RivaConfigResponse> {
  const described = (["online", "offline"] as const).map((type) => ({
    model_name: modelName(profile, type),
    parameters: {
      type,
      language_code: LANGUAGE,
      sample_rate_hertz: String(MODEL_RATE_HZ),
      streaming: type === "online" ? "True" : "False",
      offline: type === "offline" ? "True" : "False",
      emulated: "true",
      profile: profile.name,
      fitted_to: profile.source,
      chunk_ms: String(profile.chunkMs),
      capacity: overloadPercent === undefined ? String(profile.capacity) : `${overloadPercent} % too little`,
      slots: profile.slots === undefined ? "any number" : String(profile.slots),
      delays: delays ? `partial=${delays.partialMs},final=${delays.finalMs}` : "modelled",
      dataset: datasetName,
      unknown_speech: "placeholder words unrecognised-1, unrecognised-2, ...",
    },
  }));
  return { model_config: described.filter(({ model_name }) => wanted === "" || wanted === model_name) };
}
