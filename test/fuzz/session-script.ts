/**
 * A session with the gateway as lines of text, so that corpus entries can be read: what the caller sends, what the recogniser
 * answers, and how time passes. Lines that are none are nothing.
 *
 *     t {"type":"start"}         a text message
 *     b 0001ff                   a binary message, in hex
 *     z 3200                     a binary message of so many zeros
 *     w 500                      so many milliseconds pass
 *     o                          the recogniser takes the configuration
 *     a                          ...a chunk
 *     r {"text":"hello"}         ...answers; numbers may be texts such as "NaN"
 *     x internal                 ...fails with that class
 *     e                          ...ends
 *     s  / k                     the caller stops reading / reads
 *     p                          pong
 *     c 1000                     the caller closes
 *     g                          the gateway drains
 */
export type Step =
  | { do: "text"; bytes: Buffer }
  | { do: "binary"; bytes: Buffer }
  | { do: "wait"; ms: number }
  | { do: "open" | "accept" | "end" | "stall" | "read" | "pong" | "drain" }
  | { do: "respond"; json: string }
  | { do: "fail"; class: string }
  | { do: "close"; code: number };

const LONGEST_ZEROS = 600_000;
const LONGEST_WAIT_MS = 7_200_000;
const MOST_STEPS = 200;

const PLAIN = { o: "open", a: "accept", e: "end", s: "stall", k: "read", p: "pong", g: "drain" } as const;

export function stepsOf(input: Buffer): Step[] {
  const steps: Step[] = [];
  for (const line of input.toString("utf8").split("\n", MOST_STEPS)) {
    const step = stepOf(line[0] ?? "", line.slice(2));
    if (step !== undefined) steps.push(step);
  }
  return steps;
}

function stepOf(letter: string, rest: string): Step | undefined {
  switch (letter) {
    case "t":
      return { do: "text", bytes: Buffer.from(rest) };
    case "b":
      return { do: "binary", bytes: Buffer.from(rest, "hex") };
    case "z":
      return { do: "binary", bytes: Buffer.alloc(upTo(rest, LONGEST_ZEROS)) };
    case "w":
      return { do: "wait", ms: upTo(rest, LONGEST_WAIT_MS) };
    case "r":
      return { do: "respond", json: rest };
    case "x":
      return { do: "fail", class: rest };
    case "c":
      return { do: "close", code: upTo(rest, 65_535) };
    default:
      return letter in PLAIN ? { do: PLAIN[letter as keyof typeof PLAIN] } : undefined;
  }
}

function upTo(text: string, most: number): number {
  const value = Number.parseInt(text, 10);
  return Number.isFinite(value) ? Math.min(most, Math.max(0, value)) : 0;
}
