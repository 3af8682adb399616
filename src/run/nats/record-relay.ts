/** The records of a worker process on their way from its files to the broker. */
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import { recordFiles } from "../../store/run-folder.ts";
import { RECORD_KINDS } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { createRecordTail } from "./record-tail.ts";

/** Records leave this often. */
const EVERY_MS = 250;

export interface RecordRelay {
  /** Sends what is written, now and again, until `stop`. */
  keepOn(): Promise<void>;
  stop(): void;
  /** Sends all that is written by now; resolves when the broker has it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Records that do not get through stay in the files, not in memory: the broker is waited for before more is read. */
export function createRecordRelay(
  folder: string,
  { outbox, mostBytes, clock }: { outbox: Outbox; mostBytes: number; clock: Clock },
): RecordRelay {
  const tails = RECORD_KINDS.map((kind) => ({
    kind,
    tail: createRecordTail(recordFiles(folder)[`${kind}File`], mostBytes),
  }));
  let last = Promise.resolve();
  let isStopped = false;

  async function sendAll(): Promise<void> {
    for (const { kind, tail } of tails) {
      // What is shorter than it may be was all that there was: the file may grow faster than the broker takes it.
      for (let isMore = true; isMore;) {
        const bytes = await tail.next();
        isMore = bytes.length === mostBytes;
        if (bytes.length > 0 && (await outbox.send(kind, bytes)) === undefined) return;
      }
    }
  }

  const flush = (): Promise<void> => {
    const sent = last.then(sendAll);
    last = sent.catch(() => undefined);
    return sent;
  };
  return {
    flush,
    async keepOn() {
      while (!isStopped) {
        await flush();
        await pause(clock, EVERY_MS);
      }
    },
    stop: () => (isStopped = true),
    async close() {
      await Promise.all(tails.map(({ tail }) => tail.close()));
    },
  };
}
