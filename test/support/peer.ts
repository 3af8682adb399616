/** A stream as the server under a conformance test sees it, whatever its dialect. */
import type { IncomingHttpHeaders } from "node:http";

export interface Peer {
  readonly headers: IncomingHttpHeaders;
  /** Chunks received so far. */
  readonly audio: readonly Buffer[];
  /** What the client asked for, once it has. */
  readonly config: { language: string; sampleRateHz: number } | undefined;
  /** Sends one result. */
  say(text: string, final: boolean): void;
  /** Ends the stream as a server does that is content, with a last final result if there is a text. */
  end(text?: string): void;
  /** Fails the stream by the dialect's word for an internal error. */
  refuse(message: string): void;
  /** Cuts the TCP connection, with a FIN or a RST. */
  dropConnection(how: "fin" | "rst"): void;
  setReading(reading: boolean): void;
  /** The client is gone, or has given the stream up. */
  onClose(closed: () => void): void;
}

/** What the server does; what is left out it does not do. */
export interface PeerScript {
  /** The configuration has come. */
  onConfig?(peer: Peer): void;
  /** It was accepted, where the dialect has a word for it. */
  onOpen?(peer: Peer): void;
  onChunk?(peer: Peer, index: number): void;
  onHalfClose?(peer: Peer): void;
  /** Does not acknowledge the configuration. */
  silent?: boolean;
}
