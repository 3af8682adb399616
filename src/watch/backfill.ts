/**
 * The course of a run as an OpenMetrics file with timestamps, for `promtool tsdb create-blocks-from openmetrics`: runs that
 * no Prometheus watched can be put into one afterwards.
 */
import { type Family, type Labels, labelsOf } from "./exposition.ts";

export interface Backfill {
  /** Takes the families at one instant, unless the last ones taken are too near. */
  take(atEpochMs: number, families: () => readonly Family[]): void;
  /** The file. @param last families at the end, which are always in it */
  text(atEpochMs: number, last: readonly Family[]): string;
}

interface Kept {
  type: Family["type"];
  help: string;
  series: Map<string, [epochMs: number, value: number][]>;
}

/** More instants than this are thinned out: every other one is dropped. */
const INSTANTS_KEPT = 60;

/**
 * @param stepMs least distance of two instants, at first
 * @param extra labels of every series, such as job and instance, which a scrape would have added
 */
export function createBackfill(stepMs: number, extra: Labels = {}): Backfill {
  const byName = new Map<string, Kept>();
  let step = stepMs;
  let instants: number[] = [];

  function keep(atEpochMs: number, families: readonly Family[]): void {
    instants.push(atEpochMs);
    for (const family of families) {
      const { name, type, help, samples } = family;
      const kept = byName.get(name) ?? { type, help, series: new Map<string, [number, number][]>() };
      byName.set(name, kept);
      for (const sample of samples) {
        const line = `${name}${sample.suffix}${labelText({ ...labelsOf(family, sample), ...extra })}`;
        const values = kept.series.get(line) ?? [];
        kept.series.set(line, values);
        values.push([atEpochMs, sample.value]);
      }
    }
  }

  function thinOut(): void {
    instants = instants.filter((_, index) => index % 2 === 0);
    const wanted = new Set(instants);
    for (const { series } of byName.values()) {
      for (const [line, values] of series)
        series.set(
          line,
          values.filter(([at]) => wanted.has(at)),
        );
    }
    step *= 2;
  }

  return {
    take(atEpochMs, families) {
      if (atEpochMs - (instants.at(-1) ?? -Infinity) < step) return;
      keep(atEpochMs, families());
      if (instants.length > INSTANTS_KEPT) thinOut();
    },
    text(atEpochMs, last) {
      keep(atEpochMs, last);
      return `${[...byName].map(([name, kept]) => familyText(name, kept)).join("")}# EOF\n`;
    },
  };
}

function familyText(name: string, { type, help, series }: Kept): string {
  const family = type === "counter" ? name.replace(/_total$/, "") : name;
  const lines = [...series].flatMap(([line, values]) =>
    values.map(([epochMs, value]) => `${line} ${value} ${(epochMs / 1000).toFixed(3)}\n`),
  );
  return `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const written = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return written.length === 0 ? "" : `{${written.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
