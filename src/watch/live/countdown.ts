/** On a terminal, the seconds until a run begins that waits for its time. */
import type { Clock } from "../../base/clock.ts";
import type { TextSink } from "../../base/process/world.ts";
import type { RunListener } from "../listener.ts";

/** To the beginning of the line, and what stands in it is gone. */
const CLEAR_LINE = "\r\u001b[K";

/** @param startAtEpochMs by the wall clock */
export function countdown(sink: TextSink, clock: Clock, startAtEpochMs: number): RunListener {
  let cancel = (): void => undefined;

  function tick(): void {
    const leftS = Math.max(0, Math.ceil((startAtEpochMs - clock.wallMs()) / 1000));
    sink.control?.(`${CLEAR_LINE}the load begins in ${inHours(leftS)}`);
    cancel = clock.wakeAt(clock.nowMs() + 1000, tick);
  }

  function end(): void {
    cancel();
    cancel = () => undefined;
    sink.control?.(CLEAR_LINE);
  }

  tick();
  return { name: "countdown", onStart: end, close: end };
}

/** `1:02:03`, or `2:03`. */
function inHours(seconds: number): string {
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
