/**
 * `/v1/realtime?intent=transcription`: the realtime dialect of NVIDIA's NIMs, for clients written for them. Each chunk is
 * `append` with base64, then `commit`; `done` ends the audio; the last `completed` holds the whole text.
 */
import type { Dialect, DialectContext } from "./dialect.ts";
import { LONGEST_SETTINGS, refusal } from "./dialect.ts";
import { parseRealtimeEvent } from "./realtime-event.ts";
import { defaultSession, requestOf, updated } from "./realtime-session.ts";
import type { RuntimeConfig } from "../session/kept-audio.ts";
import { runtimeConfig } from "./recognition-fields.ts";
import type { SessionError, SessionResult } from "./result.ts";
import type { GatewaySession, SessionCaller } from "../session/session.ts";
import { WavInput } from "./wav-header.ts";

const ITEM = "conversation.item.input_audio_transcription";
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function createRealtimeDialect(context: DialectContext): Dialect {
  const { socket, sessionId } = context;
  let settings = defaultSession(`sess_${sessionId}`);
  let session: GatewaySession | undefined;
  /** An odd byte at the end of the last piece. */
  let rest: Buffer = Buffer.alloc(0);
  let wav = new WavInput();
  let over = false;
  let text = "";
  let words: object[] = [];
  let processedS = 0;
  let events = 0;

  const emit = (type: string, fields: object = {}, replaceable = false): void =>
    socket.send({ event_id: `event_${events++}`, type, ...fields }, replaceable);

  function stop(error: SessionError): void {
    if (session !== undefined) session.end(error);
    else end(error);
  }

  function end(error: SessionError | undefined): void {
    if (over) return;
    over = true;
    if (error !== undefined)
      emit("error", {
        error: { type: error.code, code: error.code, message: error.message, lost: error.lost },
      });
    else {
      completed(text, words, true);
    }
    socket.close(error);
  }

  function completed(transcript: string, wordsOf: object[], last: boolean): void {
    const words_info = { words: wordsOf };
    const usage = { type: "duration", seconds: processedS };
    emit(`${ITEM}.completed`, {
      item_id: `item_${sessionId}`,
      content_index: 0,
      transcript,
      is_last_result: last,
      words_info,
      usage,
    });
  }

  const caller: SessionCaller = {
    ready: () => undefined,
    result(result) {
      if (result.audioProcessedMs !== undefined) processedS = result.audioProcessedMs / 1000;
      if (!result.final) {
        const { text: delta, stability, audioProcessedMs } = result;
        emit(
          `${ITEM}.delta`,
          {
            item_id: `item_${sessionId}`,
            content_index: 0,
            delta,
            stability,
            audio_processed_ms: audioProcessedMs,
          },
          true,
        );
        return;
      }
      const own = wordsOf(result);
      text += result.text;
      words = [...words, ...own];
      completed(result.text, own, false);
    },
    ended: end,
    setReading: (reading) => socket.setReading(reading),
  };

  /** Told beside the last piece: all of them are one for the caller. */
  function audio(bytes: Buffer, told?: RuntimeConfig): void {
    const samples = samplesOf(bytes);
    if (typeof samples === "string") {
      stop(refusal("bad_request", samples));
      return;
    }
    // The header of a WAV decides what is asked for.
    if (settings.input_audio_format === "none" && wav.sampleRateHz === undefined) return;
    session ??= context.begin(requestOf(settings), caller);
    for (let at = 0; at < samples.length; at += context.chunkBytes) {
      const end = Math.min(samples.length, at + context.chunkBytes);
      session.audio(samples.subarray(at, end), end === samples.length ? told : undefined);
    }
  }

  /** Whole 16-bit samples of what came, in a WAV or bare; a string says why it can't be used. */
  function samplesOf(bytes: Buffer): Buffer | string {
    if (settings.input_audio_format === "none") {
      const samples = wav.push(bytes);
      const { sampleRateHz } = wav;
      if (session === undefined && sampleRateHz !== undefined)
        settings = { ...settings, input_audio_params: { sample_rate_hz: sampleRateHz, num_channels: 1 } };
      return samples;
    }
    const audio = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const even = audio.length - (audio.length % 2);
    rest = Buffer.from(audio.subarray(even));
    return audio.subarray(0, even);
  }

  const EVENTS: Readonly<Record<string, (event: Record<string, unknown>) => void>> = {
    "transcription_session.update"(event) {
      if (session !== undefined) {
        stop(refusal("bad_request", "the session can't be changed once audio has come"));
        return;
      }
      const next = updated(settings, event["session"]);
      if (typeof next === "string") {
        stop(refusal("bad_request", next));
        return;
      }
      settings = next;
      emit("transcription_session.updated", { session: settings });
    },
    "input_audio_buffer.append"({ audio: base64, runtime_config }) {
      if (typeof base64 !== "string" || base64.length % 4 !== 0 || !BASE64.test(base64)) {
        stop(refusal("bad_request", "append: audio is not base64"));
        return;
      }
      if (runtime_config === undefined) {
        audio(Buffer.from(base64, "base64"));
        return;
      }
      const told = runtimeConfig.safeParse(runtime_config);
      if (told.success) audio(Buffer.from(base64, "base64"), told.data);
      else stop(refusal("bad_request", "append: runtime_config holds texts by name"));
    },
    "input_audio_buffer.commit"() {
      emit("input_audio_buffer.committed", { item_id: `item_${sessionId}` });
    },
    "input_audio_buffer.clear"() {
      rest = Buffer.alloc(0);
      if (session === undefined) wav = new WavInput();
    },
    "input_audio_buffer.done"() {
      const unread = settings.input_audio_format === "none" ? wav.unreadHeader() : undefined;
      if (unread !== undefined) {
        stop(refusal("bad_request", unread));
        return;
      }
      if (session === undefined) session = context.begin(requestOf(settings), caller);
      session.finish();
    },
  };

  queueMicrotask(
    context.contain(() =>
      emit("conversation.created", {
        conversation: { id: `conv_${sessionId}`, object: "realtime.conversation" },
      }),
    ),
  );

  return {
    text(message) {
      if (over) return;
      const event = parseRealtimeEvent(message);
      if (event === "too large") {
        stop(refusal("too_large", `an event holds ${LONGEST_SETTINGS} characters at most besides its audio`));
        return;
      }
      const type = event?.["type"];
      if (event === undefined || typeof type !== "string") {
        stop(refusal("bad_request", "not a JSON event with a type"));
        return;
      }
      const act = Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined;
      if (act === undefined)
        stop(refusal("bad_request", `unknown event; known are ${Object.keys(EVENTS).join(", ")}`));
      else act(event);
    },
    binary() {
      if (!over) stop(refusal("bad_request", "this dialect takes text frames; PCM frames go to /v1/stream"));
    },
    stop,
    gone() {
      over = true;
      session?.end();
    },
  };
}

function wordsOf({ words = [] }: SessionResult): object[] {
  return words.map(({ word, startMs, endMs }) => ({
    word,
    start_time: startMs,
    end_time: endMs,
    confidence: 0,
    speaker_tag: 0,
  }));
}
