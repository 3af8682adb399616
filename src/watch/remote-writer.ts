/** Sends the metrics of a run to a Prometheus while it lasts, and its last values at its end. */
import { messageOf } from "../base/errors.ts";
import type { Family } from "./exposition.ts";
import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "./remote-write.ts";
import type { HttpService } from "../base/http-service.ts";
import { callService } from "../base/http-service.ts";

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
 */
export function createRemoteWriter(options: {
  service: HttpService;
  families(): Family[];
  epochMs(): number;
  extra: Readonly<Record<string, string>>;
}): RemoteWriter {
  const { service } = options;
  let timer: NodeJS.Timeout | undefined;
  let failed: string | undefined;
  let under = Promise.resolve();

  async function push(): Promise<void> {
    const families = options.families();
    if (families.length === 0) return;
    const body = encodeWriteRequest(families, options.epochMs(), options.extra);
    try {
      await callService(service, {
        method: "POST",
        headers: { ...REMOTE_WRITE_HEADERS },
        body: new Uint8Array(body),
        limitMs: LIMIT_MS,
      });
    } catch (error) {
      failed ??= messageOf(error);
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
      if (failed !== undefined)
        throw new Error(`${new URL(service.url).host} did not take the metrics (${failed})`);
    },
    stop: () => clearInterval(timer),
  };
}
