/** Datasets in folders: which there are, and what a manifest says about itself. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ClipInfo, OpenDataset } from "../base/dataset/dataset.ts";
import { openDataset } from "../base/dataset/dataset.ts";
import type { DatasetSummary } from "./summary.ts";
import { SummaryBuilder } from "./summary.ts";

/** The folders in `folder` that hold a manifest, and `folder` itself when it does. */
export function datasetsIn(folder: string): string[] {
  return [folder, ...namesIn(folder).map((name) => join(folder, name))].filter((path) =>
    namesIn(path).some((name) => name === "manifest.jsonl" || name === "manifest.json"),
  );
}

/** A dataset, and its numbers. @throws BenchError (exit 2) when it can't be read */
export async function summarised(
  pathOrName: string,
  root: string,
): Promise<{ dataset: OpenDataset; summary: DatasetSummary }> {
  const dataset = await openDataset(pathOrName, { root });
  const summed = new SummaryBuilder();
  for (const clip of dataset.clips) summed.add(summedClip(clip));
  return { dataset, summary: summed.summary() };
}

/** A clip in the words of the manifest. */
export function summedClip({
  audioMs,
  sampleRateHz,
  speaker,
  text,
}: ClipInfo): Parameters<SummaryBuilder["add"]>[0] {
  return { duration_s: audioMs / 1000, sample_rate_hz: sampleRateHz, speaker, text };
}

/** None in what is no folder, or may not be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
