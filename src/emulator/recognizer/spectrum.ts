/**
 * Speech as a sequence of 16-bit codes, one per frame: is the energy between neighbouring bands rising or falling
 * compared with a moment ago? (After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002;
 * frames are shorter than theirs, since here a match must come within the first words, not within seconds.)
 */

export const FRAME_RATE_HZ = 8000;
/** 64 ms. */
export const FRAME_SAMPLES = 512;
/** 16 ms. */
export const HOP_SAMPLES = 128;
export const CODE_BITS = 16;

export const BANDS: number = CODE_BITS + 1;
const LOW_HZ = 300;
const HIGH_HZ = 3400;

const HANN = Float32Array.from(
  { length: FRAME_SAMPLES },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / FRAME_SAMPLES),
);

/** First bin of each band and one past the last, spaced evenly in log frequency. */
const BAND_EDGES = Array.from({ length: BANDS + 1 }, (_, band) =>
  Math.round((LOW_HZ * (HIGH_HZ / LOW_HZ) ** (band / BANDS) * FRAME_SAMPLES) / FRAME_RATE_HZ),
);

/** Added to each band's energy: what noise of amplitude 8 has there. Keeps the codes of near-silence from being random. */
const ENERGY_FLOOR = 20_000;
/** Log energy of a band of silence. */
export const SILENT_ENERGY: number = Math.log(ENERGY_FLOOR);

const HALF = FRAME_SAMPLES / 2;
const TWIDDLE_COS = Float64Array.from({ length: HALF }, (_, i) =>
  Math.cos((2 * Math.PI * i) / FRAME_SAMPLES),
);
const TWIDDLE_SIN = Float64Array.from(
  { length: HALF },
  (_, i) => -Math.sin((2 * Math.PI * i) / FRAME_SAMPLES),
);
const BIT_REVERSED = Uint16Array.from({ length: HALF }, (_, i) => {
  let reversed = 0;
  for (let bit = 1, value = i; bit < HALF; bit <<= 1, value >>= 1) reversed = (reversed << 1) | (value & 1);
  return reversed;
});

const real = new Float64Array(HALF);
const imaginary = new Float64Array(HALF);

/**
 * Log energy of each band of the frame that starts at `samples[at]`, into `bands`. The 512 real samples go through one
 * complex transform of half the length; `real` and `imaginary` are scratch, safe because nothing here waits.
 */
export function bandEnergies(samples: Float32Array, at: number, bands: Float64Array): void {
  for (let i = 0; i < HALF; i++) {
    const j = BIT_REVERSED[i] as number;
    real[i] = (samples[at + 2 * j] as number) * (HANN[2 * j] as number);
    imaginary[i] = (samples[at + 2 * j + 1] as number) * (HANN[2 * j + 1] as number);
  }
  for (let size = 2; size <= HALF; size <<= 1) {
    const half = size >> 1;
    const stride = FRAME_SAMPLES / size;
    for (let k = 0; k < half; k++) {
      const cos = TWIDDLE_COS[k * stride] as number;
      const sin = TWIDDLE_SIN[k * stride] as number;
      for (let a = k; a < HALF; a += size) {
        const b = a + half;
        const re = (real[b] as number) * cos - (imaginary[b] as number) * sin;
        const im = (real[b] as number) * sin + (imaginary[b] as number) * cos;
        real[b] = (real[a] as number) - re;
        imaginary[b] = (imaginary[a] as number) - im;
        real[a] = (real[a] as number) + re;
        imaginary[a] = (imaginary[a] as number) + im;
      }
    }
  }
  for (let band = 0; band < BANDS; band++) {
    let sum = 0;
    for (let bin = BAND_EDGES[band] as number; bin < (BAND_EDGES[band + 1] as number); bin++)
      sum += binPower(bin);
    bands[band] = Math.log(sum + ENERGY_FLOOR);
  }
}

/** The code of a frame, given its band energies and those of a frame before it. Loudness cancels out. */
export function codeOf(bands: Float64Array, before: Float64Array): number {
  let code = 0;
  for (let bit = 0; bit < CODE_BITS; bit++) {
    const tilt = (bands[bit] as number) - (bands[bit + 1] as number);
    const tiltBefore = (before[bit] as number) - (before[bit + 1] as number);
    if (tilt > tiltBefore) code |= 1 << bit;
  }
  return code;
}

/** Power of bin 0 < k < HALF of the real transform, from the half-length one. */
function binPower(k: number): number {
  const mirror = HALF - k;
  const evenRe = ((real[k] as number) + (real[mirror] as number)) / 2;
  const evenIm = ((imaginary[k] as number) - (imaginary[mirror] as number)) / 2;
  const oddRe = ((imaginary[k] as number) + (imaginary[mirror] as number)) / 2;
  const oddIm = ((real[mirror] as number) - (real[k] as number)) / 2;
  const cos = TWIDDLE_COS[k] as number;
  const sin = TWIDDLE_SIN[k] as number;
  const re = evenRe + oddRe * cos - oddIm * sin;
  const im = evenIm + oddRe * sin + oddIm * cos;
  return re * re + im * im;
}
