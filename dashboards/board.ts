/** What all boards have in common: variables, phase annotations, links between them. */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import { panel, SOURCE, type PanelSpec } from "./panels.ts";

export interface Row {
  title: string;
  panels: readonly PanelSpec[];
  /** True for what is seldom asked: only the title shows until somebody opens it, and no query is made. */
  collapsed?: true;
}

export interface Board {
  /** Also its file's name. */
  uid: string;
  title: string;
  description: string;
  rows: readonly Row[];
  /** Variables beside the data source; default: scenario, target, run, phase. */
  variables?: readonly (dashboard.QueryVariableBuilder | dashboard.CustomVariableBuilder)[];
  /** Time shown at first. */
  from?: string;
  /** Matchers of the runs whose phases are shown, in variables of this board; default: scenario and target. */
  runs?: string;
}

/** The values that a label of a metric has, for choosing. */
export function choice(
  name: string,
  label: string,
  from: string,
  help: string,
): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .description(help)
    .datasource(SOURCE)
    .query({ query: `label_values(${from})`, refId: name })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalDesc)
    .multi(true)
    .includeAll(true)
    .allValue(".*");
}

export const SCENARIO: dashboard.QueryVariableBuilder = choice(
  "scenario",
  "Scenario",
  "bench_run_info, scenario",
  "What was run.",
);
export const TARGET: dashboard.QueryVariableBuilder = choice(
  "target",
  "Target",
  'bench_run_info{scenario=~"$scenario"}, target',
  "Which server was under test.",
);
const RUN = choice(
  "run",
  "Run",
  'bench_run_info{scenario=~"$scenario", target=~"$target"}, run_id',
  "One run, or all of them.",
);
const PHASE = new dashboard.CustomVariableBuilder("phase")
  .label("Phase")
  .description("Part of the run; only steady is judged.")
  .values("steady,warmup,drain")
  .multi(true)
  .current({ selected: true, text: "steady", value: "steady" });

const DATASOURCE = new dashboard.DatasourceVariableBuilder("datasource")
  .label("Data source")
  .description("The Prometheus that scrapes the harness and the servers.")
  .type("prometheus");

/** A region for each phase of the chosen runs. */
function phasesOf(runs: string): dashboard.AnnotationQueryBuilder {
  const expr = `bench_run_phase{${runs}, phase!="done"} == 1`;
  return new dashboard.AnnotationQueryBuilder()
    .name("Phases")
    .enable(true)
    .iconColor("blue")
    .datasource(SOURCE)
    .expr(expr)
    .titleFormat("{{phase}}")
    .textFormat("{{scenario}} on {{target}}")
    .tagKeys("phase,scenario,target")
    .step("5s")
    .target(new prometheus.DataqueryBuilder().datasource(SOURCE).refId("Anno").expr(expr));
}

/* eslint-disable @typescript-eslint/no-deprecated -- Schema 2 is still a beta and needs Grafana 12; schema 1 opens in all since 10. */
/** Grafana's JSON of a board, schema version 1. */
export function boardJson(board: Board): dashboard.Dashboard {
  const made = new dashboard.DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags(["riva-bench"])
    .timezone("browser")
    .refresh("10s")
    .time({ from: board.from ?? "now-30m", to: "now" })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .editable()
    .link(
      new dashboard.DashboardLinkBuilder("riva-bench")
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(["riva-bench"])
        .tooltip("The other boards")
        .icon("dashboard")
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .annotation(phasesOf(board.runs ?? 'scenario=~"$scenario", target=~"$target"'))
    .variables([DATASOURCE, ...(board.variables ?? [SCENARIO, TARGET, RUN, PHASE])]);
  for (const { title, panels, collapsed } of board.rows) {
    const row = new dashboard.RowBuilder(title);
    // Grafana wants the panels of a collapsed row inside it, and those of an open one after it.
    if (collapsed === true) for (const spec of panels) row.withPanel(panel(spec));
    made.withRow(row);
    if (collapsed !== true) for (const spec of panels) made.withPanel(panel(spec));
  }
  return made.build();
}
