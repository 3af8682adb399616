/** Panels as plain declarations, and the one place that makes Grafana's of them. */
import * as common from "@grafana/grafana-foundation-sdk/common";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/** Units by Grafana's own names. */
export type Unit = "s" | "percentunit" | "short" | "bytes" | "watt" | "none" | "celsius" | "ops";

export interface Query {
  expr: string;
  /** Grafana's template; the series' own name without it. */
  legend: string;
  /** Drawn dashed and red: an SLO's limit. */
  limit?: boolean;
}

export interface PanelSpec {
  kind: "lines" | "stack" | "stat" | "table" | "heatmap";
  title: string;
  /** What it shows, how to read it, what to do about it. */
  help: string;
  unit: Unit;
  queries: readonly Query[];
  /** Colour changes, rising: green below the first. A leading "low" colours the other way round. */
  thresholds?: readonly [value: number, color: string][];
  /** Words for values. */
  words?: Readonly<Record<string, { text: string; color: string }>>;
  /** Columns of 24; lines of 30 px. */
  width?: number;
  height?: number;
  /** Said when there is no data. */
  without?: string;
}

/** The board's data source is a variable: the same board works on any Prometheus. */
export const SOURCE: common.DataSourceRef = { type: "prometheus", uid: "${datasource}" };

/** @throws Error for a panel without help or queries: nobody should have to guess */
export function panel(spec: PanelSpec): Builder<dashboard.Panel> {
  if (spec.help === "" || spec.queries.length === 0) throw new Error(`${spec.title}: says nothing`);
  const made = visualization(spec);
  return made
    .title(spec.title)
    .description(spec.help)
    .datasource(SOURCE)
    .unit(spec.unit)
    .span(spec.width ?? 12)
    .height(spec.height ?? 8)
    .noValue(spec.without ?? "no data")
    .thresholds(thresholds(spec))
    .targets(spec.queries.map((query, index) => target(query, spec, index)));
}

function visualization(
  spec: PanelSpec,
): stat.PanelBuilder | table.PanelBuilder | timeseries.PanelBuilder | heatmap.PanelBuilder {
  switch (spec.kind) {
    case "stat":
      return new stat.PanelBuilder()
        .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
        .colorMode(common.BigValueColorMode.Background)
        .graphMode(common.BigValueGraphMode.None)
        .mappings(mappings(spec));
    case "table":
      return new table.PanelBuilder();
    case "heatmap":
      return new heatmap.PanelBuilder()
        .calculate(false)
        .yAxis(new heatmap.YAxisConfigBuilder().unit(spec.unit))
        .cellGap(1)
        .exemplarsColor("rgba(255,0,255,0.8)")
        .color(
          new heatmap.HeatmapColorOptionsBuilder()
            .mode(heatmap.HeatmapColorMode.Scheme)
            .scheme("Oranges")
            .steps(64)
            .exponent(0.5)
            .fill("dark-orange"),
        );
    case "lines":
    case "stack":
      return lines(spec);
  }
}

function lines(spec: PanelSpec): timeseries.PanelBuilder {
  const made = new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(spec.kind === "stack" ? 40 : 5)
    .showPoints(common.VisibilityMode.Never)
    .axisSoftMin(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"])
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (spec.kind === "stack") {
    made.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"));
  }
  if (spec.thresholds !== undefined) {
    made.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  }
  spec.queries.forEach(({ limit }, index) => {
    if (limit !== true) return;
    made.overrideByQuery(refId(index), [
      { id: "color", value: { mode: "fixed", fixedColor: "red" } },
      { id: "custom.lineStyle", value: { fill: "dash", dash: [8, 8] } },
      { id: "custom.fillOpacity", value: 0 },
    ]);
  });
  return made;
}

function thresholds({ thresholds: steps = [] }: PanelSpec): dashboard.ThresholdsConfigBuilder {
  const base = steps[0]?.[1] === "green" ? "red" : "green";
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...steps.map(([value, color]) => ({ value, color }))]);
}

function mappings({ words }: PanelSpec): dashboard.ValueMapping[] {
  if (words === undefined) return [];
  const options = Object.entries(words).map(
    ([value, { text, color }], index) => [value, { text, color, index }] as const,
  );
  return [{ type: dashboard.MappingType.ValueToText, options: Object.fromEntries(options) }];
}

function target(query: Query, spec: PanelSpec, index: number): prometheus.DataqueryBuilder {
  const made = new prometheus.DataqueryBuilder()
    .datasource(SOURCE)
    .expr(query.expr)
    .legendFormat(query.legend)
    .refId(refId(index));
  if (spec.kind === "table") return made.instant().format(prometheus.PromQueryFormat.Table);
  if (spec.kind === "heatmap") return made.range().format(prometheus.PromQueryFormat.Heatmap).exemplar(true);
  return made.range();
}

function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}
