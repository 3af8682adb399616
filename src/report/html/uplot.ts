/** uPlot, which lets people zoom into charts, as text for the page. The package's only door. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The library, its style sheet, and the licence that has to stand beside them. */
export interface ZoomLibrary {
  script: string;
  style: string;
  licence: string;
}

/** @throws the file system's error when the installation is not whole */
export function readUplot(): ZoomLibrary {
  const folder = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));
  const text = (name: string): string => readFileSync(join(folder, name), "utf8").trim();
  return {
    script: text("dist/uPlot.iife.min.js"),
    style: text("dist/uPlot.min.css"),
    licence: text("LICENSE"),
  };
}
