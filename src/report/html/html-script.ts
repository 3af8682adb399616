/**
 * The page's own script: draws the charts over time again with uPlot, so that people can zoom and read values. Where
 * scripts don't run (a CI server's sandbox, print) the static drawings stay. It knows the page by `html-charts.ts`.
 */
import { ZOOM_DATA_ID } from "./zoom-data.ts";

export const SCRIPT: string = `
(() => {
  "use strict";
  const source = document.getElementById("${ZOOM_DATA_ID}");
  if (!source) return;
  const { seconds, spans, charts } = JSON.parse(source.textContent);
  const lengthSeconds = Math.max(...spans.map((span) => span.to), seconds.at(-1));
  const [unit, inUnit] = lengthSeconds <= 180 ? ["s", 1] : lengthSeconds <= 10800 ? ["min", 60] : ["h", 3600];
  const zoomOut = document.getElementById("zoom-out");
  const whole = { min: 0, max: lengthSeconds };
  let plots = [];
  let shown = whole;

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const digits = (value) => (value == null ? "–" : String(Number(value.toPrecision(3))));

  /** One zoom for all charts; each of them tells of it again. */
  function zoom(range) {
    if (range.min === shown.min && range.max === shown.max) return;
    shown = range;
    for (const plot of plots) plot.setScale("x", range);
    zoomOut.hidden = range.min === whole.min && range.max === whole.max;
  }

  /** All there is to see is the whole run, also where its first or last second holds nothing. */
  function xRange(plot, min, max) {
    const all = min == null || (min <= seconds[0] && max >= seconds.at(-1));
    return all ? [whole.min, whole.max] : [min, max];
  }

  /** Places of values between gaps, which no line can show: they are dots. */
  function alone(plot, series) {
    const values = plot.data[series];
    return [...values.keys()].filter(
      (at) => values[at] != null && values[at - 1] == null && values[at + 1] == null,
    );
  }

  function options(chart, width, keys) {
    const axis = { stroke: color("soft"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    return {
      width,
      height: 184,
      padding: [18, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "run" }, drag: { x: true, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false, range: xRange },
        y: {
          range: (plot, min, max) => {
            const limits = chart.limits.map((limit) => limit.value);
            return [Math.min(0, min ?? 0), Math.max(max ?? 0, ...limits) * 1.08 || 1.08];
          },
        },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          incrs: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000, 86400],
          values: (plot, ticks) => ticks.map((tick) => digits(tick / inUnit) + " " + unit),
        },
        {
          ...axis,
          grid: { stroke: color("rule"), width: 1 },
          size: 42,
          values: (plot, ticks) => ticks.map((tick) => (chart.whole && tick % 1 !== 0 ? "" : String(tick))),
        },
      ],
      series: [
        {},
        ...chart.series.map((label, index) => ({
          label,
          stroke: color(chart.drawn === "bars" ? "bad" : "s" + index),
          fill: chart.drawn === "bars" ? color("bad") : undefined,
          width: 1.5,
          ...(chart.drawn === "bars"
            ? { points: { show: false }, paths: uPlot.paths.bars({ size: [0.9, 12], align: 0 }) }
            : { points: { show: false, filter: alone, size: 4, fill: color("s" + index) } }),
        })),
      ],
      hooks: {
        drawClear: [(plot) => spans.forEach((span) => shade(plot, span))],
        draw: [(plot) => drawLimits(plot, chart), (plot) => drawUnit(plot, chart)],
        setScale: [
          (plot, scale) => {
            if (scale === "x") zoom({ min: plot.scales.x.min, max: plot.scales.x.max });
          },
        ],
        setCursor: [
          (plot) => {
            const at = plot.cursor.idx;
            keys.forEach((key, index) => {
              key.textContent = at == null ? "" : " " + digits(chart.columns[index][at]);
            });
          },
        ],
      },
    };
  }

  function shade(plot, span) {
    const { ctx, bbox } = plot;
    const from = Math.max(bbox.left, plot.valToPos(span.from, "x", true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(span.to, "x", true));
    if (to <= from) return;
    ctx.save();
    ctx.fillStyle = color("shade");
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
    text(plot, span.label, (from + to) / 2, bbox.top - 5 * devicePixelRatio, "center", to - from);
    ctx.restore();
  }

  function drawLimits(plot, chart) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = color("bad");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const limit of chart.limits) {
      const at = Math.round(plot.valToPos(limit.value, "y", true));
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(bbox.left + bbox.width, at);
      ctx.stroke();
      text(plot, limit.label, bbox.left + 4 * devicePixelRatio, at - 4 * devicePixelRatio, "left", bbox.width, "bad");
    }
    ctx.restore();
  }

  function drawUnit(plot, chart) {
    const { ctx, bbox } = plot;
    ctx.save();
    text(plot, chart.unit, bbox.left - 5 * devicePixelRatio, 10 * devicePixelRatio, "right", Infinity);
    ctx.restore();
  }

  function text(plot, words, x, y, align, room, name = "soft") {
    const { ctx } = plot;
    ctx.font = 10.5 * devicePixelRatio + "px system-ui, sans-serif";
    if (ctx.measureText(words).width > room) return;
    ctx.fillStyle = color(name);
    ctx.textAlign = align;
    ctx.textBaseline = "alphabetic";
    ctx.fillText(words, x, y);
  }

  function drawAll() {
    for (const plot of plots) plot.destroy();
    plots = charts.map((chart) => {
      const figure = document.querySelector('[data-chart="' + chart.id + '"]');
      const live = figure.querySelector(".live") ?? figure.appendChild(document.createElement("div"));
      live.className = "live";
      live.setAttribute("role", "img");
      live.setAttribute("aria-label", figure.querySelector("desc").textContent);
      const keys = chart.series.map((_, index) => {
        const name = figure.querySelector(".key.s" + index) ?? figure.querySelector("figcaption");
        return name.querySelector("output") ?? name.appendChild(document.createElement("output"));
      });
      // A bar of no height would still have an edge, in the color of failures.
      const drawn = chart.drawn === "bars" ? chart.columns.map((values) => values.map((value) => value || null)) : chart.columns;
      return new uPlot(options(chart, figure.clientWidth, keys), [seconds, ...drawn], live);
    });
  }

  document.documentElement.classList.add("zooms");
  drawAll();
  zoomOut.addEventListener("click", () => zoom(whole));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  new ResizeObserver(() => {
    for (const plot of plots) {
      const width = plot.root.parentElement.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }).observe(document.querySelector(".charts"));
})();
`;
