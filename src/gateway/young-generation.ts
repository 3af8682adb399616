/**
 * Megabytes of each half of the young generation that the gateway runs with. grpc-js copies every message and base64 makes
 * garbage of its own: what survives a smaller one has to be marked, which stops everybody (docs/performance.md has the figures).
 */
export const YOUNG_MEGABYTES = 32;
