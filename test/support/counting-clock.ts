/** A virtual clock that knows how many wakes are outstanding: a session that is over must have none. */
import { VirtualClock } from "./virtual-clock.ts";

export class CountingClock extends VirtualClock {
  /** Wakes that were neither run nor taken back. */
  outstanding = 0;

  override wakeAt(atMs: number, wake: () => void): () => void {
    this.outstanding++;
    let open = true;
    const settle = (): void => {
      if (open) this.outstanding--;
      open = false;
    };
    const cancel = super.wakeAt(atMs, () => {
      settle();
      wake();
    });
    return () => {
      settle();
      cancel();
    };
  }
}
