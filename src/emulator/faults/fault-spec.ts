/**
 * The language in which faults are ordered:
 *
 *     spec  = rule *( ";" rule )
 *     rule  = kind [ ":" param *( "," param ) ] | "seed=" integer
 *     param = name "=" value
 *
 * for example `error:rate=2%,status=UNAVAILABLE,after=1s; latency:add=300ms,rate=5%; seed=7`. Blanks around names and values
 * don't count. Durations have a unit (`500ms`, `2s`, `1m`), rates are `5%` or `0.05`. `from` and `until` bound every fault to a
 * part of the time since the faults were set; `after` counts from a stream's configuration.
 */
import { parseDurationMs } from "../../base/duration.ts";
import { BenchError, nearestName } from "../../base/errors.ts";
import type { GrpcStatusName } from "../call/rejection.ts";
import { GRPC_STATUS_NAMES } from "../call/rejection.ts";

export type FaultKind =
  | "error"
  | "reject"
  | "lost-sequence"
  | "latency"
  | "stall"
  | "freeze"
  | "drop-final"
  | "reset"
  | "disconnect"
  | "goaway"
  | "crash"
  | "unready";

/** What may be ordered of each kind, and what must be; docs and errors are made from this. */
export const FAULT_KINDS: Readonly<
  Record<FaultKind, { takes: readonly ParamName[]; needs: readonly ParamName[] }>
> = {
  /** A stream ends with a status. */
  error: { takes: ["rate", "status", "after", "from", "until"], needs: [] },
  /** A stream is refused at its configuration; with `above`, while so many others are open. */
  reject: { takes: ["rate", "status", "above", "from", "until"], needs: [] },
  /** A stream's sequence slot is given away: Riva's START-flag error. */
  "lost-sequence": { takes: ["rate", "after", "from", "until"], needs: [] },
  /**
   * A reply leaves later by `add`, and those behind it no earlier. `rate` is of replies. With `above` and `below`, while so
   * many others are open: a batch size that the server is bad at.
   */
  latency: { takes: ["add", "rate", "above", "below", "from", "until"], needs: ["add"] },
  /** A stream is not answered for a time, then all at once. */
  stall: { takes: ["for", "rate", "after", "from", "until"], needs: ["for"] },
  /** No stream is answered for a time, from a moment on. */
  freeze: { takes: ["for", "from"], needs: ["for"] },
  /** A stream ends well, without its last final. */
  "drop-final": { takes: ["rate", "from", "until"], needs: [] },
  /** A stream is reset (RST_STREAM), the others of its connection go on. */
  reset: { takes: ["rate", "after", "from", "until"], needs: [] },
  /** The connection below a stream breaks, with all streams on it. */
  disconnect: { takes: ["rate", "after", "from", "until"], needs: [] },
  /** Every connection is told to go away (GOAWAY): streams go on, new ones need a new connection. */
  goaway: { takes: ["from"], needs: [] },
  /** The server dies, with everything under way, and comes back after `restart`, or never. */
  crash: { takes: ["from", "restart"], needs: [] },
  /** Health says not ready, calls are served nonetheless. */
  unready: { takes: ["from", "until"], needs: [] },
};

type ParamName =
  "rate" | "status" | "after" | "from" | "until" | "above" | "below" | "add" | "for" | "restart";

/** One rule, with its defaults filled in. */
export interface Fault {
  kind: FaultKind;
  /** Share of the streams, or of the replies, that it strikes. */
  rate: number;
  status: GrpcStatusName;
  /** Since the stream's configuration. */
  afterMs: number;
  /** Since the faults were set. */
  fromMs: number;
  untilMs: number;
  /** Streams that may be open before it strikes. */
  above: number;
  /** It strikes while fewer are open. */
  below: number;
  /** `add` or `for`. */
  lastsMs: number;
  /** Undefined = never. */
  restartMs: number | undefined;
}

export interface FaultSpec {
  text: string;
  faults: readonly Fault[];
  seed: number;
}

interface Param {
  expects: string;
  read: (text: string) => Partial<Fault> | undefined;
}

const duration = (name: "afterMs" | "fromMs" | "untilMs" | "lastsMs" | "restartMs"): Param => ({
  expects: "a duration, such as 500ms, 2s or 2 (seconds)",
  read(text) {
    const ms = parseDurationMs(text);
    return ms === undefined ? undefined : { [name]: ms };
  },
});

const PARAMS: Readonly<Record<ParamName, Param>> = {
  rate: {
    expects: "a share, such as 5% or 0.05",
    read(text) {
      const [, digits, percent] = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text) ?? [];
      const rate = Number(digits) / (percent === "%" ? 100 : 1);
      return rate <= 1 ? { rate } : undefined;
    },
  },
  status: {
    expects: `a gRPC status: ${GRPC_STATUS_NAMES.join(", ")}`,
    read(text) {
      const status = GRPC_STATUS_NAMES.find((name) => name === text);
      return status && { status };
    },
  },
  above: {
    expects: "a whole number of streams",
    read: (text) => (/^\d+$/.test(text) ? { above: Number(text) } : undefined),
  },
  below: {
    expects: "a whole number of streams",
    read: (text) => (/^\d+$/.test(text) ? { below: Number(text) } : undefined),
  },
  after: duration("afterMs"),
  from: duration("fromMs"),
  until: duration("untilMs"),
  add: duration("lastsMs"),
  for: duration("lastsMs"),
  restart: duration("restartMs"),
};

/** What is said when nothing else was. */
const DEFAULT_STATUS: Partial<Record<FaultKind, GrpcStatusName>> = { reject: "UNAVAILABLE" };

/**
 * Reads a spec; an empty one orders nothing.
 * @throws BenchError (exit 2) that names the place, counting characters from 1
 */
export function parseFaults(text: string): FaultSpec {
  const faults: Fault[] = [];
  let seed = 1;
  for (const rule of partsOf({ text, at: 0 }, ";")) {
    const [, digits] = /^seed\s*=\s*(\d+)$/.exec(rule.text) ?? [];
    if (digits !== undefined) seed = Number(digits);
    else if (rule.text !== "") faults.push(parseRule(rule));
    else if (text.trim() !== "") throw wrong(rule, "a fault is missing", kindsHint());
  }
  return { text: text.trim(), faults, seed };
}

/** A piece of the spec and where in it it stands. */
interface Piece {
  text: string;
  at: number;
}

function parseRule(rule: Piece): Fault {
  const [kindPiece, paramsPiece] = cut(rule, ":");
  const kind = (Object.keys(FAULT_KINDS) as FaultKind[]).find((name) => name === kindPiece.text);
  if (!kind) {
    const near = nearestName(kindPiece.text, Object.keys(FAULT_KINDS));
    const hint = near === undefined ? kindsHint() : `Did you mean "${near}"?`;
    throw wrong(kindPiece, `there is no fault "${kindPiece.text}"`, hint);
  }
  const { takes, needs } = FAULT_KINDS[kind];
  const fault: Fault = {
    kind,
    rate: 1,
    status: DEFAULT_STATUS[kind] ?? "INTERNAL",
    afterMs: 0,
    fromMs: 0,
    untilMs: Infinity,
    above: 0,
    below: Infinity,
    lastsMs: 0,
    restartMs: undefined,
  };
  const given = new Set<string>();
  for (const param of paramsPiece ? partsOf(paramsPiece, ",") : []) {
    const [name, value] = cut(param, "=");
    const taken = takes.find((candidate) => candidate === name.text);
    if (!taken) {
      throw wrong(name, `"${kind}" takes no "${name.text}"`, `It takes ${takes.join(", ")}.`);
    }
    if (given.has(name.text)) throw wrong(name, `"${name.text}" is given twice`);
    given.add(name.text);
    const { read, expects } = PARAMS[taken];
    const fields = value && read(value.text);
    if (!fields) throw wrong(value ?? name, `"${name.text}" must be ${expects}`);
    Object.assign(fault, fields);
  }
  for (const name of needs) {
    if (!given.has(name)) throw wrong(rule, `"${kind}" needs "${name}"`, `For example ${kind}:${name}=2s`);
  }
  if (fault.untilMs <= fault.fromMs) throw wrong(rule, '"until" must be later than "from"');
  if (fault.below <= fault.above) throw wrong(rule, '"below" must be greater than "above"');
  return fault;
}

/** The pieces between `separator`s, without the blanks around them. */
function partsOf({ text, at }: Piece, separator: string): Piece[] {
  let offset = at;
  return text.split(separator).map((part) => {
    const piece = trimmed({ text: part, at: offset });
    offset += part.length + 1;
    return piece;
  });
}

/** What stands before and behind the first `separator`; nothing behind when there is none. */
function cut({ text, at }: Piece, separator: string): [Piece, Piece | undefined] {
  const found = text.indexOf(separator);
  if (found === -1) return [{ text, at }, undefined];
  return [
    trimmed({ text: text.slice(0, found), at }),
    trimmed({ text: text.slice(found + 1), at: at + found + 1 }),
  ];
}

function trimmed({ text, at }: Piece): Piece {
  return { text: text.trim(), at: at + text.length - text.trimStart().length };
}

function wrong({ at }: Piece, what: string, hint?: string): BenchError {
  return BenchError.usage(`fault, character ${at + 1}: ${what}`, hint);
}

function kindsHint(): string {
  return `Faults: ${Object.keys(FAULT_KINDS).join(", ")}.`;
}
