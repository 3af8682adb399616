/**
 * Debian's libpocketsphinx3 (0.8+5prealpha, soname 3: Debian 12 and 13) through koffi. The only importer of koffi, which is optional.
 * Everything here runs in a process of its own: a broken model may end it.
 */
import { BenchError, messageOf } from "../../base/errors.ts";
import type { DecodedWord, Decoder } from "../host/decoder.ts";

const INSTALL = "Install both: apt-get install --no-install-recommends libpocketsphinx3 pocketsphinx-en-us";
const FRAMES_PER_S = 100;
/** `<s>`, `</s>`, `<sil>`, `[NOISE]`, `++UH++`: heard, but no words. */
const NO_WORD = /^(?:<.*>|\[.*\]|\+\+.*\+\+)$/;

type Pointer = unknown;

interface Native {
  parse(definition: Pointer, argc: number, argv: readonly string[]): Pointer;
  arguments(): Pointer;
  init(config: Pointer): Promise<Pointer>;
  free(decoder: Pointer): number;
  freeConfig(config: Pointer): number;
  startStream(decoder: Pointer): number;
  startUtterance(decoder: Pointer): number;
  process(decoder: Pointer, samples: Int16Array): number;
  endUtterance(decoder: Pointer): number;
  hypothesis(decoder: Pointer): string | null;
  segments(decoder: Pointer): Iterable<{ word: string; first: number; last: number; probability: number }>;
}

/** PocketSphinx with the arguments that each of its decoders gets. */
export interface PocketSphinx {
  /** Makes a decoder on another thread. @throws BenchError when the models can't be loaded */
  open(): Promise<Decoder>;
}

/**
 * Loads the libraries.
 * @param argv arguments of pocketsphinx, without its name
 * @param scores whether word probabilities mean anything: without a search of the lattice they are all 1
 * @throws BenchError (exit 2) when koffi or a library is missing
 */
export async function loadPocketSphinx(argv: readonly string[], scores: boolean): Promise<PocketSphinx> {
  const native = await bind();
  return {
    async open() {
      const args = ["pocketsphinx", ...argv];
      const config = native.parse(native.arguments(), args.length, args);
      const decoder = config === null ? null : await native.init(config);
      if (config !== null) native.freeConfig(config);
      if (decoder === null) {
        throw BenchError.usage(
          "PocketSphinx can't load its models",
          `They are broken or of another version. ${INSTALL}`,
        );
      }
      return new SphinxDecoder(native, decoder, scores);
    },
  };
}

class SphinxDecoder implements Decoder {
  readonly #native: Native;
  readonly #decoder: Pointer;
  readonly #scores: boolean;

  constructor(native: Native, decoder: Pointer, scores: boolean) {
    this.#native = native;
    this.#decoder = decoder;
    this.#scores = scores;
  }

  start(): void {
    // Without it the frames of an utterance go on counting from the last one.
    must(this.#native.startStream(this.#decoder), "start a stream");
    must(this.#native.startUtterance(this.#decoder), "start an utterance");
  }

  push(samples: Int16Array): void {
    must(this.#native.process(this.#decoder, samples), "process audio");
  }

  partial(): string {
    return this.#native.hypothesis(this.#decoder) ?? "";
  }

  end(): DecodedWord[] {
    must(this.#native.endUtterance(this.#decoder), "end an utterance");
    const words: DecodedWord[] = [];
    for (const { word, first, last, probability } of this.#native.segments(this.#decoder)) {
      if (NO_WORD.test(word)) continue;
      words.push({
        // The second pronunciation of "the" is "the(2)".
        word: word.replace(/\(\d+\)$/, ""),
        startMs: (first * 1000) / FRAMES_PER_S,
        endMs: ((last + 1) * 1000) / FRAMES_PER_S,
        confidence: this.#scores ? Math.min(1, Math.max(0, probability)) : 0,
      });
    }
    return words;
  }

  free(): void {
    this.#native.free(this.#decoder);
  }
}

function must(status: number, what: string): void {
  if (status < 0) throw new Error(`can't ${what}`);
}

async function bind(): Promise<Native> {
  const { default: koffi } = await import("koffi").catch((error: unknown) => {
    throw BenchError.usage(
      `the package koffi can't be loaded: ${messageOf(error)}`,
      "It is an optional dependency: npm install koffi",
    );
  });
  const load = (file: string): ReturnType<typeof koffi.load> => {
    try {
      return koffi.load(file);
    } catch (error) {
      throw BenchError.usage(`${file} can't be loaded: ${messageOf(error)}`, INSTALL);
    }
  };
  const base = load("libsphinxbase.so.3");
  const sphinx = load("libpocketsphinx.so.3");
  const silence = base.func("void err_set_logfp(void*)");
  const parse = base.func("void* cmd_ln_parse_r(void*, void*, int, char**, int)");
  const init = sphinx.func("void* ps_init(void*)");
  const processRaw = sphinx.func("int ps_process_raw(void*, int16_t*, size_t, int, int)");
  const hypothesis = sphinx.func("str ps_get_hyp(void*, _Out_ int32_t*)");
  const firstSegment = sphinx.func("void* ps_seg_iter(void*)");
  const nextSegment = sphinx.func("void* ps_seg_next(void*)");
  const segmentWord = sphinx.func("str ps_seg_word(void*)");
  const segmentFrames = sphinx.func("void ps_seg_frames(void*, _Out_ int*, _Out_ int*)");
  const segmentProbability = sphinx.func(
    "int32_t ps_seg_prob(void*, _Out_ int32_t*, _Out_ int32_t*, _Out_ int32_t*)",
  );
  const logmath = sphinx.func("void* ps_get_logmath(void*)");
  const fromLog = base.func("double logmath_exp(void*, int)");
  // It would write pages of log to stderr.
  silence(null);
  return {
    parse: (definition, argc, argv) => parse(null, definition, argc, argv, 1) as Pointer,
    arguments: sphinx.func("void* ps_args()"),
    init: (config) =>
      new Promise((resolve, reject) => {
        init.async(config, (error: unknown, decoder: Pointer) => {
          if (error == null) resolve(decoder);
          else reject(new Error(messageOf(error)));
        });
      }),
    free: sphinx.func("int ps_free(void*)"),
    freeConfig: base.func("int cmd_ln_free_r(void*)"),
    startStream: sphinx.func("int ps_start_stream(void*)"),
    startUtterance: sphinx.func("int ps_start_utt(void*)"),
    process: (decoder, samples) => processRaw(decoder, samples, samples.length, 0, 0) as number,
    endUtterance: sphinx.func("int ps_end_utt(void*)"),
    hypothesis: (decoder) => hypothesis(decoder, [0]) as string | null,
    *segments(decoder) {
      const log = logmath(decoder) as Pointer;
      for (let segment = firstSegment(decoder) as Pointer; segment !== null;) {
        const first = [0];
        const last = [0];
        segmentFrames(segment, first, last);
        const logProbability = segmentProbability(segment, [0], [0], [0]) as number;
        yield {
          word: segmentWord(segment) as string,
          first: first[0] as number,
          last: last[0] as number,
          probability: fromLog(log, logProbability) as number,
        };
        segment = nextSegment(segment) as Pointer;
      }
    },
  };
}
