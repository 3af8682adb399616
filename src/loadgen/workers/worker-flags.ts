/**
 * Node flags of a generator process. They can only be set when a process starts, which is one reason why load is always
 * made in a child.
 *
 * With default flags V8 answers a steady stream of short-lived buffers with mark-compact steps of 15 to 19 ms, which show
 * as send lateness long before the CPU is used up. A young generation of fixed size takes them. grpc-js copies every message
 * it sends: below 32 MB copies survive until they have to be marked. Whoever sends shared buffers needs no more than 8 MB,
 * and a stream then costs a fifth of the memory (docs/performance.md has the figures).
 */
export function workerNodeFlags(transport: string): readonly string[] {
  const megabytes = transport === "riva-grpc" ? 32 : 8;
  return [`--min-semi-space-size=${megabytes}`, `--max-semi-space-size=${megabytes}`];
}
