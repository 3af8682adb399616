/**
 * Node flags of a generator process. They can only be set when a process starts, which is one reason why load is always
 * made in a child.
 *
 * grpc-js copies every message it sends into a fresh off-heap buffer; with default flags V8 answers that with
 * mark-compact steps of 15 to 19 ms, which show as send lateness long before the CPU is used up. A larger young
 * generation takes those copies, and collecting on the main thread alone keeps helper threads from competing with it on
 * a small machine.
 */
export const WORKER_NODE_FLAGS: readonly string[] = [
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
  "--single-threaded-gc",
];
