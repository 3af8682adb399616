/** Reads single fields out of a line of `sessions.ndjson` without parsing it: gigabytes of lines come by. */

/** A number right behind `key`. No text within a line can pass for one: a quote in a JSON string has a backslash. */
export function numberIn(line: string, field: string): number | undefined {
  const key = `"${field}":`;
  const at = line.lastIndexOf(key);
  if (at < 0) return undefined;
  const value = Number.parseFloat(line.slice(at + key.length, at + key.length + 24));
  return Number.isNaN(value) ? undefined : value;
}

/** Where a failed session failed, and by what. */
export function failureIn(line: string): { phase: string; kind: string } | undefined {
  const [, phase, kind] = /"failure":\{"phase":"([\w-]+)","class":"([\w-]+)"/.exec(line) ?? [];
  return phase === undefined || kind === undefined ? undefined : { phase, kind };
}

/** The phase of the run that the session belongs to. */
export function phaseIn(line: string): string {
  return /^\{"seq":\d+,"slot":-?\d+,"phase":"(\w+)"/.exec(line)?.[1] ?? "";
}
