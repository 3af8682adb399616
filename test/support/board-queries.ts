/** The queries of the generated boards, ready to be asked. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../dashboards/grafana/", import.meta.url));

export interface BoardPanel {
  title: string;
  type: string;
  description?: string;
  datasource?: { type: string; uid: string };
  fieldConfig?: { defaults?: { unit?: string; noValue?: string } };
  targets?: { refId: string; expr: string; datasource?: { uid: string } }[];
  /** Of rows: closed, with the panels inside. */
  collapsed?: boolean;
  panels?: BoardPanel[];
}

export interface BoardFile {
  file: string;
  uid: string;
  title: string;
  schemaVersion: number;
  templating: { list: { name: string; type: string }[] };
  annotations: { list: { name: string; expr?: string }[] };
  panels: BoardPanel[];
}

export function boardFiles(): BoardFile[] {
  return readdirSync(FOLDER).map((file) => ({
    ...(JSON.parse(readFileSync(`${FOLDER}${file}`, "utf8")) as Omit<BoardFile, "file">),
    file,
  }));
}

/** Panels but for the rows, those in closed rows too. */
export function panelsOf(board: BoardFile): BoardPanel[] {
  return board.panels.flatMap((panel) => (panel.type === "row" ? (panel.panels ?? []) : [panel]));
}

/** With Grafana's variables as they are at first: everything chosen, the steady phase. */
export function expanded(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", "5s")
    .replaceAll("$__range", "2m")
    .replaceAll("$phase", "steady")
    .replaceAll(/\$(scenario|target|run|server|model|baseline|candidate|gateway|instance)\b/g, ".*");
}
