/**
 * From any rate to another by a windowed sinc: what is above half the new rate is filtered out before it would fold back
 * into the speech. Keeps its state from block to block.
 */
const ZERO_CROSSINGS = 16;
const PHASES = 256;
/** Where the pass band ends, as a share of half the lower rate. */
const CUTOFF = 0.94;

export class Resampler {
  /**
   * @param {number} fromHz
   * @param {number} toHz
   */
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    const cutoff = CUTOFF * Math.min(1, toHz / fromHz);
    this.half = Math.ceil(ZERO_CROSSINGS / Math.min(1, toHz / fromHz));
    this.kernels = Array.from({ length: PHASES }, (_, phase) => kernel(this.half, cutoff, phase / PHASES));
    this.history = new Float32Array(2 * this.half);
    /** Position of the next output in the history and what follows it. */
    this.at = this.half;
  }

  /**
   * @param {Float32Array} input
   * @returns {Float32Array} what can be computed so far
   */
  process(input) {
    const samples = new Float32Array(this.history.length + input.length);
    samples.set(this.history);
    samples.set(input, this.history.length);
    const out = [];
    for (; this.at + this.half < samples.length; this.at += this.step) {
      const whole = Math.floor(this.at);
      const taps = this.kernels[Math.floor((this.at - whole) * PHASES)];
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += taps[k] * samples[whole - this.half + 1 + k];
      out.push(sum);
    }
    const keepFrom = Math.max(0, Math.floor(this.at) - this.half);
    this.history = samples.slice(keepFrom);
    this.at -= keepFrom;
    return Float32Array.from(out);
  }
}

/** A sinc under a Blackman window, with a gain of one. */
function kernel(half, cutoff, fraction) {
  const taps = Float32Array.from({ length: 2 * half }, (_, k) => {
    const x = k - half + 1 - fraction;
    const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
    const t = (x + half) / (2 * half);
    return sinc * (0.42 - 0.5 * Math.cos(2 * Math.PI * t) + 0.08 * Math.cos(4 * Math.PI * t));
  });
  const gain = taps.reduce((sum, tap) => sum + tap, 0);
  return taps.map((tap) => tap / gain);
}

/**
 * @param {Float32Array} samples -1 to 1
 * @returns {Int16Array}
 */
export function toPcm16(samples) {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));
}
