/** What every drawing has around its data: a frame, ticks, shades and limits, in SVG. Pure. */
import { axisTicks, timeUnit } from "./chart-scale.ts";
import { markup, type Markup } from "../words/markup.ts";

/** Size in user units, about CSS pixels at the width the page gives it, and where the data may be. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function frameOf(width: number, height: number): Frame {
  return { width, height, left: 40, right: width - 10, top: 20, bottom: height - 22 };
}

/** A part of the time axis, with its label above it where there is room: one that doesn't fit says less than none. */
export function shade(
  { top, bottom }: Frame,
  { label, fromMs, toMs }: { label: string; fromMs: number; toMs: number },
  x: (ms: number) => number,
): Markup {
  const width = round(x(toMs) - x(fromMs));
  if (width <= 0) return markup``;
  const middle = round(x(fromMs) + width / 2);
  const text =
    width < label.length * 5.5
      ? undefined
      : markup`<text x="${middle}" y="${top - 5}" class="mid label">${label}</text>`;
  return markup`<rect class="shade" x="${x(fromMs)}" y="${top}" width="${width}" height="${bottom - top}"/>${text}
`;
}

/** A line across, with what it stands for at the left. */
export function yTick({ left, right }: Frame, label: string, at: number): Markup {
  return markup`<path class="grid" d="M${left} ${at}H${right}"/><text x="${left - 4}" y="${round(at + 4)}" class="end">${label}</text>
`;
}

/** A tick on the axis below. */
export function xTick({ bottom }: Frame, label: string, at: number): Markup {
  return markup`<path class="tick" d="M${at} ${bottom}v4"/><text x="${at}" y="${bottom + 16}" class="mid">${label}</text>
`;
}

/** Ticks from 0 to `endMs` in the unit that people read such a length in. */
export function timeTicks(frame: Frame, endMs: number, x: (ms: number) => number): Markup[] {
  const unit = timeUnit(endMs);
  return axisTicks(0, endMs / unit.ms, 5)
    .filter((tick) => tick * unit.ms <= endMs)
    .map((tick) => xTick(frame, `${tick} ${unit.name}`, x(tick * unit.ms)));
}

/** What the values are held to. */
export function limitLine({ left, right }: Frame, label: string, at: number): Markup {
  return markup`<path class="limit" d="M${left} ${at}H${right}"/><text x="${left + 4}" y="${round(at - 3)}" class="limit-label">${label}</text>
`;
}

/** To hundredths: less than a pixel, and fewer digits in the file. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
