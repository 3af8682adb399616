/**
 * Node flags of a generator process. They can only be set when a process starts, which is one reason why load is always
 * made in a child.
 *
 * grpc-js copies every message it sends into a fresh off-heap buffer; with default flags V8 answers that with
 * mark-compact steps of 15 to 19 ms, which show as send lateness long before the CPU is used up. A young generation of
 * fixed size takes those copies. Its size is a trade: below 8 MB copies survive into the old generation and have to be
 * marked, above it a single collection takes longer (docs/performance.md has the figures).
 */
export const WORKER_NODE_FLAGS: readonly string[] = ["--min-semi-space-size=8", "--max-semi-space-size=8"];
