/**
 * G.711 telephone codings, 8 bits a sample to 16-bit linear and back (ITU-T G.711, tables 1a to 2b, scaled to 16 bits).
 */

export type CompandingLaw = "MULAW" | "ALAW";

const MULAW_BIAS = 0x84;

function muLawToLinear(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + MULAW_BIAS) << ((bits >> 4) & 7)) - MULAW_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

function aLawToLinear(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? mantissa : (mantissa + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

const DECODE: Record<CompandingLaw, Int16Array> = {
  MULAW: Int16Array.from({ length: 256 }, (_, code) => muLawToLinear(code)),
  ALAW: Int16Array.from({ length: 256 }, (_, code) => aLawToLinear(code)),
};

/** Linear 16-bit samples of `coded`, one for each byte. */
export function decodeG711(law: CompandingLaw, coded: Uint8Array): Int16Array {
  const table = DECODE[law];
  const samples = new Int16Array(coded.length);
  for (let i = 0; i < coded.length; i++) samples[i] = table[coded[i] as number] as number;
  return samples;
}

/** The eight-bit codes of 16-bit linear `samples`: for each the code whose linear value is nearest. */
export function encodeG711(law: CompandingLaw, samples: Int16Array): Uint8Array {
  const table = encodeTable(law);
  return Uint8Array.from(samples, (sample) => table[sample + 32768] as number);
}

const encodeTables = new Map<CompandingLaw, Uint8Array>();

/** Codes of all 65,536 linear values, made at first use: level by level, each value takes the nearer of its two levels. */
function encodeTable(law: CompandingLaw): Uint8Array {
  const known = encodeTables.get(law);
  if (known) return known;
  const levels = [...DECODE[law].entries()].sort((a, b) => a[1] - b[1]);
  const table = new Uint8Array(65536);
  let at = 0;
  for (let value = -32768; value < 32768; value++) {
    while (at + 1 < levels.length && distance(levels[at + 1], value) <= distance(levels[at], value)) at++;
    table[value + 32768] = levels[at]?.[0] ?? 0;
  }
  encodeTables.set(law, table);
  return table;
}

function distance(level: readonly [number, number] | undefined, value: number): number {
  return level ? Math.abs(level[1] - value) : Infinity;
}
