/** Memory that sessions take turns with: blocks of one size, used again instead of left to the garbage collector. */

export interface BlockStore {
  readonly blockBytes: number;
  /** Its bytes are those of its last use. */
  take(): Buffer;
  /** The giver must not touch it any more. */
  giveBack(block: Buffer): void;
}

/** Half a second of speech at 16 kHz: what a session holds is rounded up to this. */
const BLOCK_BYTES = 16_384;
/** Spare blocks that are kept whatever is in use. */
const LEAST_SPARE = 256;

export function createBlockStore(): BlockStore {
  const spare: Buffer[] = [];
  let inUse = 0;
  return {
    blockBytes: BLOCK_BYTES,
    take() {
      inUse++;
      return spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    },
    giveBack(block) {
      inUse--;
      // After a busy hour the memory of it goes back too, by halves.
      if (spare.length < Math.max(LEAST_SPARE, inUse)) spare.push(block);
    },
  };
}
