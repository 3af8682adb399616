/**
 * Streaming sample-rate conversion by a windowed sinc. As it is by default, it is good enough to recognise a clip by (300-3400 Hz), not
 * to listen to.
 */

/** Filter taps for every sub-sample position an output can have, shared by all streams of one rate pair. */
interface Kernel {
  tapsPerPhase: number;
  phases: number;
  taps: Float32Array;
}

/** Zero crossings on either side of the centre. Few, since what folds into 3400-4000 Hz is never looked at. */
const HALF_WIDTH = 3;
const MAX_PHASES = 512;

const kernels = new Map<string, Kernel>();

function kernelFor(fromHz: number, toHz: number, halfWidth: number): Kernel {
  const key = `${fromHz}/${toHz}/${halfWidth}`;
  const known = kernels.get(key);
  if (known) return known;
  // The lower of the two rates limits what can pass.
  const step = Math.max(1, fromHz / toHz);
  const half = Math.ceil(halfWidth * step);
  const phases = Math.min(MAX_PHASES, toHz / greatestCommonDivisor(fromHz, toHz));
  const tapsPerPhase = 2 * half;
  const taps = new Float32Array(phases * tapsPerPhase);
  for (let phase = 0; phase < phases; phase++) {
    for (let tap = 0; tap < tapsPerPhase; tap++) {
      const offset = (tap - half + 1 - phase / phases) / step;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * offset) / (halfWidth + 1 / step));
      taps[phase * tapsPerPhase + tap] = (sinc(offset) * window) / step;
    }
  }
  const kernel = { tapsPerPhase, phases, taps };
  kernels.set(key, kernel);
  return kernel;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Turns samples at `fromHz` into samples at `toHz`. Output n lies at input position n * fromHz / toHz. */
export class Resampler {
  readonly #fromHz: number;
  readonly #toHz: number;
  readonly #kernel: Kernel;
  /** Input not yet used up; begins half a kernel of silence before the stream. */
  #pending: Float32Array;
  /** Input index of the first pending sample. */
  #pendingStart: number;
  #outputs = 0;

  /** @param halfWidth zero crossings of the filter on either side: the more, the sharper and the slower */
  constructor(fromHz: number, toHz: number, halfWidth: number = HALF_WIDTH) {
    this.#fromHz = fromHz;
    this.#toHz = toHz;
    this.#kernel = kernelFor(fromHz, toHz, halfWidth);
    const before = this.#kernel.tapsPerPhase / 2 - 1;
    this.#pending = new Float32Array(before);
    this.#pendingStart = -before;
  }

  /** The outputs that `samples` completes: all whose kernel lies within the input so far. */
  push(samples: Int16Array): Float32Array {
    if (this.#fromHz === this.#toHz) return new Float32Array(samples);
    const { tapsPerPhase, phases, taps } = this.#kernel;
    const input = new Float32Array(this.#pending.length + samples.length);
    input.set(this.#pending);
    input.set(samples, this.#pending.length);

    const inputEnd = this.#pendingStart + input.length;
    const before = tapsPerPhase / 2 - 1;
    const output = new Float32Array(Math.ceil((samples.length * this.#toHz) / this.#fromHz) + 1);
    let count = 0;
    let first = 0;
    for (;;) {
      const position = this.#outputs * this.#fromHz;
      const whole = Math.floor(position / this.#toHz);
      first = whole - before;
      if (first + tapsPerPhase > inputEnd) break;
      const phase = Math.floor(((position - whole * this.#toHz) * phases) / this.#toHz);
      const inputAt = first - this.#pendingStart;
      const tapsAt = phase * tapsPerPhase;
      let sum = 0;
      for (let tap = 0; tap < tapsPerPhase; tap++) {
        sum += (input[inputAt + tap] as number) * (taps[tapsAt + tap] as number);
      }
      output[count++] = sum;
      this.#outputs++;
    }
    this.#pending = input.slice(first - this.#pendingStart);
    this.#pendingStart = first;
    return output.subarray(0, count);
  }
}
