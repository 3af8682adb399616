/** What the server counted: for people, and to check a client's own count against. */

/** Calls by how they ended. `failed` = the server ended it with an error, `cancelled` = the client went away. */
export interface CallCounts {
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
}

export interface EmulatorStats extends CallCounts {
  /** Streams open now, and the most there ever were at once. */
  open: number;
  maxOpen: number;
  /** By the middle part of request ids of the form `run/phase/number`; `other` for the rest. */
  byPhase: Record<string, CallCounts>;
  audioSeconds: number;
}

export type CallEnd = "completed" | "failed" | "cancelled";

const PHASES = ["warmup", "steady", "drain"];

/** Counts streaming calls. */
export class CallCounter {
  readonly #byPhase = new Map<string, CallCounts>();
  #open = 0;
  #maxOpen = 0;
  #audioSeconds = 0;

  /** Calls open now. */
  get open(): number {
    return this.#open;
  }

  /** A call has come. */
  opened(): void {
    this.#open++;
    this.#maxOpen = Math.max(this.#maxOpen, this.#open);
  }

  addAudio(durationS: number): void {
    this.#audioSeconds += durationS;
  }

  /** A call that `opened` told of has said who it is, or ended without saying; returns its phase. */
  started(requestId: string): string {
    const [, phase = ""] = /^.+\/([a-z]+)\/[^/]+$/.exec(requestId) ?? [];
    const known = PHASES.includes(phase) ? phase : "other";
    this.#of(known).started++;
    return known;
  }

  ended(phase: string, how: CallEnd): void {
    this.#open--;
    this.#of(phase)[how]++;
  }

  stats(): EmulatorStats {
    const total = newCounts();
    for (const counts of this.#byPhase.values()) {
      total.started += counts.started;
      total.completed += counts.completed;
      total.failed += counts.failed;
      total.cancelled += counts.cancelled;
    }
    const byPhase = Object.fromEntries([...this.#byPhase].map(([phase, counts]) => [phase, { ...counts }]));
    return { ...total, open: this.#open, maxOpen: this.#maxOpen, byPhase, audioSeconds: this.#audioSeconds };
  }

  #of(phase: string): CallCounts {
    const known = this.#byPhase.get(phase);
    if (known) return known;
    const counts = newCounts();
    this.#byPhase.set(phase, counts);
    return counts;
  }
}

function newCounts(): CallCounts {
  return { started: 0, completed: 0, failed: 0, cancelled: 0 };
}
