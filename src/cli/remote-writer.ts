/** Sends the metrics of a run to a Prometheus while it lasts, and its last values at its end. */
import { BenchError, messageOf } from "../base/errors.ts";
import type { Family } from "../metrics/exposition.ts";
import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "../metrics/remote-write.ts";

export interface RemoteWriter {
  start(): void;
  /** The last values. @throws Error when they, or any before them, could not be sent: what is stored is not complete */
  end(): Promise<void>;
  stop(): void;
}

const EVERY_MS = 5000;
const LIMIT_MS = 10_000;

/**
 * @param families of the moment
 * @param extra labels of every series, such as job and instance
 * @throws BenchError (exit 2) for what is no URL
 */
export function createRemoteWriter(options: {
  url: string;
  families(): Family[];
  epochMs(): number;
  extra: Readonly<Record<string, string>>;
}): RemoteWriter {
  const url = checkedUrl(options.url, "--remote-write");
  let timer: NodeJS.Timeout | undefined;
  let failed: string | undefined;
  let under = Promise.resolve();

  async function push(): Promise<void> {
    const families = options.families();
    if (families.length === 0) return;
    const body = encodeWriteRequest(families, options.epochMs(), options.extra);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: REMOTE_WRITE_HEADERS,
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      if (!response.ok) failed ??= `HTTP ${response.status}: ${(await response.text()).slice(0, 200).trim()}`;
      else await response.arrayBuffer();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      failed ??= messageOf(cause);
    }
  }

  return {
    start() {
      // One after the other: Prometheus refuses what comes out of order.
      timer = setInterval(() => {
        under = under.then(push);
      }, EVERY_MS);
    },
    async end() {
      clearInterval(timer);
      await (under = under.then(push));
      if (failed !== undefined) throw new Error(`${url.host} did not take the metrics (${failed})`);
    },
    stop: () => clearInterval(timer),
  };
}

/** @throws BenchError (exit 2) that names the flag */
export function checkedUrl(text: string, flag: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw BenchError.usage(`${flag} ${text}: not a URL`, "For example http://localhost:9090/api/v1/write.");
  }
  return url;
}
