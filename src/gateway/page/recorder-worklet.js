/** Runs beside the audio: resamples the microphone and hands on a chunk every 100 ms, with its level. */
import { Resampler, toPcm16 } from "./resampler.js";

const OUT_HZ = 16000;
const CHUNK_SAMPLES = 1600;

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, OUT_HZ);
    this.chunk = new Float32Array(CHUNK_SAMPLES);
    this.filled = 0;
  }

  process([channels]) {
    const [samples] = channels;
    if (samples === undefined) return true;
    for (const sample of this.resampler.process(samples)) {
      this.chunk[this.filled++] = sample;
      if (this.filled === CHUNK_SAMPLES) this.flush();
    }
    return true;
  }

  flush() {
    const rms = Math.sqrt(this.chunk.reduce((sum, sample) => sum + sample * sample, 0) / CHUNK_SAMPLES);
    const pcm = toPcm16(this.chunk);
    this.port.postMessage({ pcm: pcm.buffer, levelDb: 20 * Math.log10(Math.max(rms, 1e-3)) }, [pcm.buffer]);
    this.filled = 0;
  }
}

registerProcessor("recorder", Recorder);
