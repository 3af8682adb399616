/**
 * Megabytes of each half of the young generation that the gateway runs with. grpc-js copies every message and base64 makes
 * garbage of its own: what outlives a smaller one has to be marked, which stops everybody, and a larger one holds everybody up for
 * longer each time (docs/performance.md has the figures).
 */
export const YOUNG_MEGABYTES = 16;
